// Package classifier reads a complaint and says which rectification item of the plan it is about, which lead unit answers for it and
// in which district, how sure that is, and which words decided. It is a linear model over words and character sequences, trained on our
// own labelled corpus (package train) and embedded in the binary; no network is asked and nothing is learnt while serving.
//
// It decides nothing alone: routing and bot act on Result.Decision. It holds no wording for people and stores no text.
package classifier
