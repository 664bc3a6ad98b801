"""The course's grader: exercises, checks for learners, safe grading for instructors."""
