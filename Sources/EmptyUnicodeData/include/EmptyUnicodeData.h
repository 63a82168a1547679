/// Nothing to call: linking this is all. See EmptyUnicodeData.c.
