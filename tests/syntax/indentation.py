if a:
    if b:
        c

    # a comment at another depth
  # and one more
    d
if a:
	b
	if c:
		d
if a: # comment
  b
# comment

else:
            c
x = 1
