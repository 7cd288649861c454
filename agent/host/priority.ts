import { readdirSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'

/**
 * Behind whatever people wait for, and by as much at the disk, which goes by it where nobody says otherwise (ioprio_set(2)). Not further
 * back: whoever encrypts files would have the machine to themselves.
 */
const niceness = 5

/** Whoever starts it further back knows why, and only root may come forward again. */
export function stepBack(): void {
  if (getPriority() < niceness) setPriority(niceness)
}

/**
 * Starts a program where the system starts its own: a service that it leaves behind would else stand back for good, as this agent does. A
 * program stands where whoever starts it stands at that moment; whoever set the agent back further meant its programs too.
 */
export const inFront = <Child>(start: () => Child): Child => startAt(0, start)

/** Starts a program that waits for nothing but to cut this machine off: neither whoever encrypts files nor this agent keeps it waiting. */
export const ahead = <Child>(start: () => Child): Child => startAt(foremost, start)

function startAt<Child>(there: number, start: () => Child): Child {
  const place = getPriority()
  if (!mayMove() || (place !== niceness && place !== hasty)) return start()
  setPriority(there)
  try {
    return start()
  } finally {
    setPriority(place)
  }
}

const mayMove = (): boolean => process.platform === 'linux' && process.getuid?.() === 0

/** Whoever encrypts files keeps every processor busy; what cuts them off takes some ten milliseconds of one. */
const hasty = -10
/** Before this agent too, which has other work by then, such as halting whoever did it. */
const foremost = -15
const hasteMs = seconds(30)

/**
 * While an attack is under way this agent comes before whatever runs, the attacker's programs first of all; and steps back after half a
 * minute, however often it is asked meanwhile. Only where it stands where it was put at its start.
 */
export function createHaste(time: Pick<Time, 'after'>): () => void {
  let stepsBack: Cancel | undefined
  return () => {
    if (stepsBack || !mayMove() || getPriority() !== niceness) return
    moveTo(hasty)
    stepsBack = time.after(hasteMs, () => {
      stepsBack = undefined
      moveTo(niceness)
    })
  }
}

/** Each thread has a place of its own, and those that are made later have that of who makes them. One may end meanwhile. */
function moveTo(place: number): void {
  setPriority(place)
  for (const thread of readdirSync('/proc/self/task'))
    try {
      setPriority(Number(thread), place)
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('ESRCH'))) throw error
    }
}
