// Package text prepares Chinese for the classifier: it folds what means the same (width, case, traditional characters, numbers,
// web addresses) and cuts words, and always knows which characters of the original a result came from. It keeps no state, reads no
// file at run time and knows nothing of complaints.
//
// All offsets count characters (runes) of the original, an invalid byte being one character, so that a browser or a Python script can use
// them without knowing UTF-8.
package text
