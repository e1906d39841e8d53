// Package webhooks tells outside systems of events by Standard Webhooks 1.0: signed, repeated over days, in order for each case, and to no address
// inside our own network.
package webhooks
