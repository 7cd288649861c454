type Body = Readonly<Record<string, unknown>>

/** What happened at an isolated machine, as its agent reported it. */
export function atMachine(body: Body): string {
  const number = typeof body.number === 'number' ? ` (isolation ${body.number})` : ''
  switch (body.event) {
    case 'told':
      return `The person at the machine was told${number}: ${list(body.reached) || 'by no way'}.${missed(body.missed)}`
    case 'code-wrong':
      return `A wrong release code was typed at the machine${number}: ${String(body.wrong)} within the hour.`
    case 'code-locked':
      return `A wrong release code was typed at the machine for the fifth time within an hour${number}; no other is looked at until it is over.`
    case 'code-right':
      return `Somebody at the machine ended the isolation by its release code${number}.`
    default:
      return 'The machine is open again by itself, as its policy says.'
  }
}

const list = (value: unknown): string => (Array.isArray(value) ? value.map(String).join(', ') : '')
const missed = (value: unknown): string => (list(value) === '' ? '' : ` Not reached: ${list(value)}.`)

const states: Record<string, string> = {
  isolating: 'being cut off',
  unproven: 'cut off, and that is not proven',
  isolated: 'cut off, and that is proven',
  ineffective: 'not cut off though its rules stand',
  drifted: 'no longer cut off as it was: somebody changed its rules',
  failed: 'not cut off as it should be',
}

/** Nobody asked for anything new. */
export const isolationChanged = ({ actual, detail }: Body): string =>
  `By its own word the machine is ${states[String(actual)] ?? 'in another state'} by now. ${String(detail ?? '')}`.trimEnd()
