"""One module per chapter, named as its topic; each holds ``CHAPTER``."""
