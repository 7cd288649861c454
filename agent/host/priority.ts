import { getPriority, setPriority } from 'node:os'

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
export function inFront<Child>(start: () => Child): Child {
  const mayComeForward = process.platform === 'linux' && getPriority() === niceness && process.getuid?.() === 0
  if (!mayComeForward) return start()
  setPriority(0)
  try {
    return start()
  } finally {
    setPriority(niceness)
  }
}
