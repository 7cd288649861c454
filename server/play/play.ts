import type { Entry, TicketCase } from '../pipeline/changes.ts'
import type { Follows, Playbook } from './playbook.ts'
import isolated from './playbooks/isolated.ts'
import network from './playbooks/network.ts'
import ransomware from './playbooks/ransomware.ts'

/*
 * What follows what. Enters: a ticket as a transaction leaves it, with what is new on its timeline, and the playbook that
 * its route names. Leaves: tasks, each a ticket of its own that is linked to this one; and which of them are over.
 * Promises: pure; the same line brings the same task, and whoever keeps it opens it once. On failure: nothing follows.
 * Meets: a machine that is let back onto the network with what the attacker left on it.
 */

/** Whatever its route says: it follows from what a person named. */
const always: readonly Playbook[] = [network]
const named: readonly Playbook[] = [ransomware, isolated]

/** @param name the playbook of the ticket's route. A name that is only somebody's own heading plays like none. */
export function play(work: TicketCase, name: string | undefined): Follows {
  const own = named.find((playbook) => playbook.name === name) ?? isolated
  const follows = work.entries.flatMap((entry) => [own, ...always].map((playbook) => playbook.after(entry, work)))
  return { opens: follows.flatMap(({ opens = [] }) => opens), ends: follows.flatMap(({ ends = [] }) => ends) }
}

/** Whether anything may follow: asked of every ticket that changes. */
export const mayFollow = ({ entries }: TicketCase): boolean => entries.some(({ kind }) => telling.has(kind))
const telling: ReadonlySet<Entry['kind']> = new Set(['command-settled', 'isolation-changed', 'resolved', 'cause-named'])
