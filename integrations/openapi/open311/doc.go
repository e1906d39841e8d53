// Package open311 answers the Open311 GeoReport v2 protocol under /open311/v2: which services there are, filing a request, and reading requests whose
// complainants agreed that everybody may read them, without who they are. What the standard leaves open is decided in docs/open311.md.
package open311
