"""What was measured as one page that needs nothing but a browser, as one picture, and in words.

columns  what the measured numbers are called, which of two is better, which stand beside each other
cases    the videos that are worst and best, which are shown
scale    round numbers of an axis, and numbers in words
charts   a chart, drawn with any pen; svg and ink are two
tables   tables of HTML
clips    true and generated frames side by side, as a video inside the page
page     the page
picture  per-frame curves of one clip; words has its numbers
"""
