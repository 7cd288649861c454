import { type Member, onCall, type Roster, who } from './roster.ts'

/** What is known of a ticket and of those who might take it. */
export interface Assignment {
  team: string
  /** All that it takes, where somebody has it. */
  skills: readonly string[]
  /** Tickets that they have, by person. */
  load: ReadonlyMap<string, number>
  /** Who ended tickets of this machine, else of this customer, the newest first. */
  history: readonly string[]
  /** Of a VIP: their technician, and the teams that they may be found in. */
  named?: { personId: string; among: readonly string[] } | undefined
}

/**
 * Who shall have it (pure): a VIP's technician, where they work now and have room for one more; else of those who work now, else of those on call, whoever has the skills and room for one more; then
 * whoever knows the machine or the customer, then whoever has least. undefined: nobody is there or has room; it stays in the queue.
 */
export function assignee(roster: Roster, { team, skills, load, history, named }: Assignment, at: number): Member | undefined {
  const loadOf = ({ id }: Member): number => load.get(id) ?? 0
  const hasRoom = (member: Member): boolean => member.wipLimit === null || loadOf(member) < member.wipLimit
  const theirs = named?.among.flatMap((each) => who(roster, each, at)).find(({ id }) => id === named.personId)
  if (theirs && hasRoom(theirs)) return theirs
  const working = who(roster, team, at)
  const there = working.length > 0 ? working : onCall(roster, team, at).people.slice(0, 1)
  const free = there.filter(hasRoom)
  const skilled = free.filter((member) => skills.every((skill) => member.skills.includes(skill)))
  const able = skilled.length > 0 ? skilled : free
  const known = (member: Member): number => (history.includes(member.id) ? history.indexOf(member.id) : Number.POSITIVE_INFINITY)
  // Compared, not subtracted: infinity minus itself is no number.
  return able.toSorted((a, b) => order(known(a), known(b)) || order(loadOf(a), loadOf(b)))[0]
}

const order = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1)
