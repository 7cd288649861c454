/*
 * What each side takes beyond the core of the protocol (hello, welcome, records, ack, refused, goodbye). Neither sends
 * what the other didn't name (invariant 12), so either may be the older one.
 */

/** Named in `welcome`: the frames `skipped`, `received`, `progress` and (back to us) `document`, and records of the types `standing`, `software`, and (`rules`) `rule-list` and `watched-rules`. */
export const collectorCapabilities = ['skipped', 'received', 'standing', 'documents', 'progress', 'software', 'rules'] as const
export type CollectorCapability = (typeof collectorCapabilities)[number]

/** Named in `hello`, beside every verb of a command that the agent can run: the frames `watch`, `document` and `neighbours`. */
export const agentCapabilities = ['watch', 'documents', 'neighbours'] as const
