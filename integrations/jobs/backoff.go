package jobs

import "time"

const (
	firstBackoff = 2 * time.Second
	maxBackoff   = 5 * time.Minute

	// maxRetries bounds the tries on one channel. With the delays of Backoff six tries end within about two and a half minutes,
	// inside the ten minutes in which the platform recognises a template message that it has already taken.
	maxRetries = 6

	// poisoned is the number of failed runs after which a notice is given to a person: something of ours is broken, not a channel.
	poisoned = 25
)

// Backoff is how long to wait after the given attempt (from 1): it doubles from two seconds to five minutes. Jitter from [0, 1)
// spreads it by a fifth to either side, lest everything that failed together comes back together.
func Backoff(attempt int, jitter float64) time.Duration {
	delay := maxBackoff
	// Shifting further than this would pass the maximum, and far further overflow.
	if doublings := max(attempt, 1) - 1; doublings < 8 {
		delay = min(firstBackoff<<doublings, maxBackoff)
	}
	return time.Duration(float64(delay) * (0.8 + 0.4*jitter))
}

// turnWait is how long a notice waits for an earlier one of its case. The first look comes soon; when the earlier one is itself
// waiting out a long delay, looking twice a second would only cost writes.
func turnWait(looks int) time.Duration {
	const first, longest = 500 * time.Millisecond, 30 * time.Second
	if looks < 10 {
		return first
	}
	return min(first*time.Duration(min(looks, 100)-8), longest)
}
