import { describe, expect, it } from 'vitest'
import type { Hearer } from '../../../agent/host/conversation.ts'
import type { Host } from '../../../agent/host/host.ts'
import { HeldTables } from '../../../agent/isolate/firewalls/held-tables.ts'
import { FakeTime } from '../../support/fake-time.ts'

const listed = ['table inet tierline', 'table inet tierline_held', 'table bridge tierline_held', 'table netdev tierline_held']

/** A child that answers `list tables` with what the test says. */
function childThat(answers: string[]): { host: Host; said: string[]; begun: Hearer[]; ended: true[] } {
  const said: string[] = []
  const begun: Hearer[] = []
  const ended: true[] = []
  const host: Host = {
    run: async (program) => ({ kind: 'missing', program }),
    inFront: (start) => start(),
    converse: (_program, _args, hearer) => {
      begun.push(hearer)
      return {
        say: (line) => {
          said.push(line)
          if (line === 'list tables') for (const answer of answers) hearer.onLine(answer)
        },
        end: async () => void ended.push(true),
      }
    },
  }
  return { host, said, begun, ended }
}

describe('the second copy', () => {
  it('is put as one line, and put anew by its own child in one line as well', async () => {
    const { host, said, begun } = childThat(listed)
    const held = new HeldTables(host, new FakeTime())
    await held.put('create a\n')
    await held.put('create b\n')
    expect(said).toEqual([
      'create a;',
      'list tables',
      'delete table inet tierline_held;delete table bridge tierline_held;delete table netdev tierline_held;create b;',
      'list tables',
    ])
    expect(begun).toHaveLength(1)
  })

  it.each([['Error: Operation not permitted'], ['']])('that nft doesn’t take (%j) is no copy: its child is ended', async (answer) => {
    const { host, ended } = childThat([answer])
    const time = new FakeTime()
    const held = new HeldTables(host, time)
    const putting = expect(held.put('create a\n')).rejects.toThrow("can't be held")
    await time.advance(2_000)
    await putting
    expect([held.isHolding, ended]).toEqual([false, [true]])
  })

  it('that is lost with its child is told', async () => {
    const { host, begun } = childThat(listed)
    const held = new HeldTables(host, new FakeTime())
    const lost: true[] = []
    held.onLost(() => void lost.push(true))
    await held.put('create a\n')
    begun[0]?.onEnd('nft ended with code 9')
    expect([held.isHolding, lost]).toEqual([false, [true]])
  })
})
