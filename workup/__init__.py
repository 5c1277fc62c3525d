"""One patient's work-up: from images to report. The only place where the other packages meet."""
