"""nbgrader's settings: which folder plays which part.

solutions/ and course/ belong to the repository; a class's data lies in classroom/, which git ignores.
Start nbgrader and JupyterLab's formgrader in the folder of this file.
"""

from pathlib import Path

from autograder.build import STUDENT_PREPROCESSORS
from autograder.source import STUB

c = get_config()

root = Path(__file__).resolve().parent
c.CourseDirectory.root = str(root)
c.CourseDirectory.course_id = "deep-learning-course"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "course"
c.CourseDirectory.submitted_directory = "classroom/submitted"
c.CourseDirectory.autograded_directory = "classroom/autograded"
c.CourseDirectory.feedback_directory = "classroom/feedback"
c.CourseDirectory.solution_directory = "classroom/solution"
c.CourseDirectory.db_url = f"sqlite:///{root / 'classroom' / 'gradebook.db'}"
# nbgrader makes the database but not the folder it lies in. Grades are nobody else's business.
(root / "classroom").mkdir(mode=0o700, exist_ok=True)

# nbgrader copies every file beside a notebook. A chapter's .py holds the answers and a submission's
# would shadow an installed module: neither travels.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.py", "*.pyc", "feedback"]

# Release from here cuts the learner's notebook exactly as `autograder build` does, quiz answers included.
c.GenerateAssignment.preprocessors = [*STUDENT_PREPROCESSORS, "nbgrader.preprocessors.SaveCells"]
c.ClearSolutions.code_stub = {"python": STUB}

# `nbgrader autograde` and formgrader's button grade as `autograder grade` does: answers' text alone, in the sandbox.
c.Autograde.pre_convert_hook = "autograder.preprocessors.remove_links"
c.Autograde.sanitize_preprocessors = ["autograder.preprocessors.GradeInSandbox"]
c.Autograde.autograde_preprocessors = [
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# Learners' prose is shown to the instructor: without this a link in it can run a program in formgrader.
c.HTMLExporter.filters = {"markdown2html": "autograder.preprocessors.sanitized_html"}
