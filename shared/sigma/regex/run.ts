import type { Look, Program, Step } from './program.ts'
import type { Assertion } from './tree.ts'

/**
 * Whether a program fits anywhere in a text. All states walk together over the text, once: it takes as long as text times states,
 * whatever the expression. Threat: an expression, or a text, made so that a backtracking engine would try for ever.
 */
export function fits(program: Program, text: string): boolean {
  const held: Uint8Array[] = []
  for (const look of program.looks) held.push(placesOf(look, text, held))
  return walk(program.steps, program.start, text, held, false, () => true)
}

/** For each place in the text, whether what is looked for begins (ahead) or ends (behind) there. */
function placesOf({ steps, start, isAhead }: Look, text: string, held: readonly Uint8Array[]): Uint8Array {
  const places = new Uint8Array(text.length + 1)
  walk(steps, start, text, held, isAhead, (at) => {
    places[at] = 1
    return false
  })
  return places
}

/** Calls `onDone` with each place where the last state is reached; stops when that says so. */
function walk(
  steps: readonly Step[],
  start: number,
  text: string,
  held: readonly Uint8Array[],
  isBackwards: boolean,
  onDone: (at: number) => boolean,
): boolean {
  const seenAt = new Int32Array(steps.length).fill(-1)
  let now: number[] = []
  let later: number[] = []
  for (let walked = 0; walked <= text.length; walked += 1) {
    const at = isBackwards ? text.length - walked : walked
    // Whatever begins here walks along with what began before.
    later.push(start)
    if (settle(steps, later, now, seenAt, walked, text, at, held) && onDone(at)) return true
    later = []
    const code = text.charCodeAt(isBackwards ? at - 1 : at)
    if (walked < text.length) for (const state of now) take(steps[state], code, later)
    now = []
  }
  return false
}

function take(step: Step | undefined, code: number, later: number[]): void {
  if (step?.kind === 'take' && step.fits(code)) later.push(step.next)
}

/** Passes on all that needs no character; what waits for one is put into `waiting`. Answers whether the last state was reached. */
function settle(
  steps: readonly Step[],
  entering: number[],
  waiting: number[],
  seenAt: Int32Array,
  round: number,
  text: string,
  at: number,
  held: readonly Uint8Array[],
): boolean {
  let isDone = false
  for (let state = entering.pop(); state !== undefined; state = entering.pop()) {
    if (seenAt[state] === round) continue
    seenAt[state] = round
    const step = steps[state]
    if (step === undefined) continue
    if (step.kind === 'take') waiting.push(state)
    else if (step.kind === 'done') isDone = true
    else if (step.kind === 'fork') entering.push(step.next, step.other)
    else if (step.kind === 'assert' ? holds(step.what, text, at) : (held[step.look]?.[at] === 1) !== step.isNegated)
      entering.push(step.next)
  }
  return isDone
}

function holds(what: Assertion, text: string, at: number): boolean {
  switch (what) {
    case 'text-start':
      return at === 0
    case 'text-end':
      return at === text.length
    case 'line-start':
      return at === 0 || text[at - 1] === '\n'
    case 'line-end':
      return at === text.length || text[at] === '\n'
    case 'before-last-newline':
      return at === text.length || (at === text.length - 1 && text[at] === '\n')
    case 'word-edge':
      return isWord(text, at - 1) !== isWord(text, at)
    case 'no-word-edge':
      return isWord(text, at - 1) === isWord(text, at)
  }
}

function isWord(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122)
}
