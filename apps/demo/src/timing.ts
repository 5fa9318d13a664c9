/** The numbers of the story, in ms. A production breaker would be slower to open and to try again. */

/** How long payments takes for a charge when it is healthy. */
export const healthyAnswerMs = 20
/** How long it takes when it is slow: longer than anybody waits. */
export const slowAnswerMs = 4_000
/** How long a connection hangs before it is reset when payments is down. */
export const resetAfterMs = 300
/** How long orders waits for payments. */
export const patienceMs = 1_000
/** How long the breaker stays open before it lets a probe through. */
export const openMs = 2_000
