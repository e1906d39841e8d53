package store

import "jiesu/routing"

// PackMatter is a matter as it is stored, for benchmarks that write many at once.
func PackMatter(m routing.Matter) []byte { return packMatter(m) }
