import { days, minutes } from '#shared/domain/time.ts'
import { type Defences, KnownDefences, readDefences, techniqueOf } from '../defence/read-defences.ts'
import { defineHealth } from '../define-health.ts'

/*
 * security.defence.down (row 15): a firewall, antivirus, audit, logging, SELinux or AppArmor, or disk encryption that this machine was seen with and that is off for ten
 * minutes. What never was there is missed by nobody. It is in the frame of health detectors because it stands and clears, and its numbers
 * are a policy's. While packages are changed nothing is judged: updates stop and start what they replace. Said with the commands that
 * were seen before it; facts say whether the package manager or our own signed command was at work. On Windows by
 * services that run and by the registry's own switches of firewall and Defender. The alert-rules have none for this.
 * Threat: command lines are their owners' choice: shown masked, never believed. Whoever stops this too is told of by agent-tampered.
 */
const forgottenAfter = days(30)
/** Seen so often in a row of looks: what is tried out for a minute is no defence. */
const leastLooks = 5

export default defineHealth({
  name: 'defence-down',
  platforms: ['linux', 'windows'],
  every: minutes(2),
  runbook: 'Ask who switched it off and why; if nobody says so, look through what was started before it, and switch it on again.',
  start: [] as KnownDefences,
  remembers: KnownDefences,
  read: readDefences,
  decide(state, reading, { now, role }) {
    const known = learnt(state, reading, now)
    if (reading.packages !== null) return { state: known.map(byPackages(reading)), findings: undefined }
    const off = known.filter(({ name, looks }) => looks >= leastLooks && reading.looked.includes(name) && !reading.on.includes(name))
    const severity = role === 'workstation' ? ('medium' as const) : ('high' as const)
    return { state: known, findings: off.map((each) => finding(each, severity)) }
  },
})

function learnt(state: KnownDefences, { on, commands, byOwnCommand }: Defences, now: number): KnownDefences {
  const isOn = new Set(on)
  const names = new Set(state.map(({ name }) => name))
  const fresh = on.filter((name) => !names.has(name)).map((name) => ({ ...nothing, name, looks: 1, onAt: now }))
  const kept = state
    .filter(({ name, onAt }) => isOn.has(name) || now - onAt < forgottenAfter)
    .map((each) => {
      if (isOn.has(each.name)) return { ...nothing, name: each.name, looks: Math.min(leastLooks, each.looks + 1), onAt: now }
      return each.commands === '' ? { ...each, commands: commands.slice(0, 8_000), byOwnCommand } : each
    })
  return [...kept, ...fresh].slice(-200)
}

const nothing = { commands: '', byOwnCommand: false, byPackages: false }

/** What was switched off while packages were changed was by them, as far as anybody can tell. */
const byPackages =
  ({ on }: Defences) =>
  (each: KnownDefences[number]): KnownDefences[number] =>
    on.includes(each.name) ? each : { ...each, byPackages: true }

function finding({ name, commands, byOwnCommand, byPackages, onAt }: KnownDefences[number], severity: 'medium' | 'high') {
  return {
    kind: 'security.defence.down',
    severity,
    about: name,
    summary: `This machine’s ${name} is off`.slice(0, 500),
    facts: { technique: techniqueOf(name), defence: name, lastOnAt: onAt, byOwnCommand, byPackages },
    evidence: commands === '' ? [] : [{ name: 'commands that were seen before it', text: commands }],
  }
}
