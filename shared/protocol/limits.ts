/** Largest frame either side accepts. 1 MiB holds a batch of 50 signals with evidence. */
export const maxFrameBytes = 1_048_576
/** Largest record, so that one always fits a frame with room to spare. */
export const maxRecordBytes = 262_144
/** Records in one frame. 50 amortise a socket write (16 per frame already made 4 times the throughput of one). */
export const maxRecordsPerFrame = 50
/** The WebSocket subprotocol of this version. */
export const subprotocol = 'tierline.v1'
/** Minor version of the protocol; a collector speaks with the two before its own. */
export const protocolMinor = 0
/** The collector pings this often and drops a socket that missed two, so half-open ones are found within 45 s. */
export const pingEveryMs = 15_000
/** A socket that has not said hello by then is closed. */
export const helloTimeoutMs = 10_000
/** An agent that lost its collector dials again at least this often, so a fleet is back within 40 s of its start. */
export const maxRedialMs = 30_000
/** Records that may be unacknowledged per agent when `welcome` names no other credit. One frame of the lane `security` may go beyond any credit. */
export const defaultCredit = 1_000
