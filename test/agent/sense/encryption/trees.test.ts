import { expect, it } from 'vitest'
import type { ProcessFacts } from '../../../../agent/host/process-facts.ts'
import { Trees } from '../../../../agent/sense/writers/trees.ts'

const ownPid = 99
const facts = (pid: number, parent: number, exe = '/usr/bin/openssl'): ProcessFacts => ({
  ...{ pid, parent, startTicks: pid, name: 'x', exe, commandLine: 'x', userId: 0, leadsTerminal: false },
})

function treesOf(machine: Map<number, ProcessFacts>) {
  let reads = 0
  const read = (pid: number): ProcessFacts | undefined => {
    reads += 1
    return machine.get(pid)
  }
  return { trees: new Trees(read, ownPid), reads: () => reads }
}

it('a tree is found once for hundreds of files, and anew when its number was given to another', () => {
  const machine = new Map([
    [10, facts(10, 1)],
    [20, facts(20, 10)],
  ])
  const { trees, reads } = treesOf(machine)
  for (let n = 0; n < 300; n += 1) expect(trees.treeOf(20, n)?.top.pid).toBe(10)
  const before = reads()
  machine.set(20, { ...facts(20, 1), startTicks: 50 })
  expect(trees.treeOf(20, 2_000)).toMatchObject({ key: '20 50' })
  expect([before < 10, reads() > before]).toEqual([true, true])
})

it('what is gone by now is of the tree that it was', () => {
  const machine = new Map([
    [10, facts(10, 1)],
    [20, facts(20, 10)],
  ])
  const { trees } = treesOf(machine)
  trees.facts(20, 0)
  machine.delete(20)
  expect(trees.treeOf(20, 5_000)?.top.pid).toBe(10)
  expect(trees.treeOf(21, 5_000)).toBeUndefined()
})
