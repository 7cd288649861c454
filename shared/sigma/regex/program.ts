import { type Assertion, BadExpression, type Tree, testerOf } from './tree.ts'

/** One state: takes a character, or passes on without one. */
export type Step =
  | { kind: 'take'; fits: (code: number) => boolean; next: number }
  | { kind: 'fork'; next: number; other: number }
  | { kind: 'assert'; what: Assertion; next: number }
  /** Passes where the `look`th look-around holds. */
  | { kind: 'look'; look: number; isNegated: boolean; next: number }
  | { kind: 'done' }

export interface Look {
  steps: readonly Step[]
  start: number
  /** Runs from the end of the text to its start. */
  isAhead: boolean
}

export interface Program {
  steps: readonly Step[]
  start: number
  /** Inner ones first. */
  looks: readonly Look[]
}

/** Beyond this, one character costs more than a whole rule should. */
const maxSteps = 5_000

/** A tree → a machine of states that walks over a text once, whatever the tree (Thompson, 1968). */
export function programOf(tree: Tree): Program {
  const looks: Look[] = []
  return { ...machineOf(tree, false, looks), looks }
}

/** States are made from the last to the first; `isBackwards` for what is read from the end of the text. */
function machineOf(tree: Tree, isBackwards: boolean, looks: Look[]): { steps: Step[]; start: number } {
  const steps: Step[] = [{ kind: 'done' }]
  const add = (step: Step): number => {
    if (steps.length >= maxSteps) throw new BadExpression(`it grows to more than ${maxSteps} states`)
    return steps.push(step) - 1
  }

  function make(part: Tree, next: number): number {
    switch (part.kind) {
      case 'set':
        return add({ kind: 'take', fits: testerOf(part.set), next })
      case 'sequence':
        return (isBackwards ? part.parts : part.parts.toReversed()).reduce((after, each) => make(each, after), next)
      case 'choice':
        return part.parts.map((each) => make(each, next)).reduce((one, other) => add({ kind: 'fork', next: one, other }))
      case 'assert':
        return add({ kind: 'assert', what: part.what, next })
      case 'look':
        return add({ kind: 'look', look: makeLook(part), isNegated: part.isNegated, next })
      case 'repeat':
        return repeat(part, next)
    }
  }

  function repeat({ part, min, max }: Extract<Tree, { kind: 'repeat' }>, next: number): number {
    let after = next
    if (max === Number.POSITIVE_INFINITY) {
      const loop = add({ kind: 'fork', next, other: next })
      steps[loop] = { kind: 'fork', next: make(part, loop), other: next }
      after = loop
    } else for (let count = min; count < max; count += 1) after = add({ kind: 'fork', next: make(part, after), other: next })
    for (let count = 0; count < min; count += 1) after = make(part, after)
    return after
  }

  function makeLook({ part, isAhead }: Extract<Tree, { kind: 'look' }>): number {
    const machine = machineOf(part, isAhead, looks)
    return looks.push({ ...machine, isAhead }) - 1
  }

  return { start: make(tree, 0), steps }
}
