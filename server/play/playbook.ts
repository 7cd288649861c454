import type { Entry, TicketCase } from '../pipeline/changes.ts'

export type TaskName = 'restore' | 'visit'

/** A ticket of its own. */
export interface Task {
  task: TaskName
  title: string
  /** What stands on it besides, and who said it. */
  text: string
  actor: string
}

/** One that nobody needs any more. */
export interface Ended {
  task: TaskName
  resolution: 'false-alarm' | 'wont-fix'
  note: string
}
export interface Follows {
  opens: Task[]
  ends: Ended[]
}

/** One file is one playbook. */
export interface Playbook {
  name: string
  /** What follows from this line; nothing, mostly. */
  after(entry: Entry, work: TicketCase): Partial<Follows>
}

export const definePlaybook = (playbook: Playbook): Playbook => playbook
