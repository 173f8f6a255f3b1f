"""From a draft to what readers see: the document of a revision, its HTML and Markdown, and names made roles."""
