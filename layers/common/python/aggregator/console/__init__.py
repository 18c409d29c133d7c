"""The pages for people: the first page and the console. Standard library only; the browser does the rest."""
