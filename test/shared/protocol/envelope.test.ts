import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode } from '#shared/protocol/envelope.ts'
import { maxFrameBytes } from '#shared/protocol/limits.ts'
import { AgentMessage, CollectorMessage } from '#shared/protocol/messages.ts'

describe('a frame', () => {
  it('comes out as it went in', () => {
    const goodbye = { kind: 'goodbye', reason: 'reboot' } as const
    expect(decode(AgentMessage, encode(goodbye))).toEqual({ kind: 'message', message: goodbye })
  })

  it('may carry fields that this version does not know', () => {
    expect(decode(CollectorMessage, '{"kind":"watch","isWatched":true,"since":1}')).toEqual({
      kind: 'message',
      message: { kind: 'watch', isWatched: true },
    })
  })

  it.each([
    ['{', 'not JSON'],
    ['{"kind":"nonsense"}', 'kind'],
    ['{"kind":"received","commandId":"12345678","at":"soon"}', 'at'],
    [`"${'x'.repeat(maxFrameBytes)}"`, `${maxFrameBytes} bytes`],
  ])('is refused with the field that is wrong: %.40s', (text, word) => {
    const decoded = decode(AgentMessage, text)
    expect(decoded.kind === 'malformed' && decoded.reason).toContain(word)
  })

  it('never throws, and never repeats what it was given', () => {
    const secret = 'do-not-repeat-me'
    fc.assert(
      fc.property(fc.json(), (json) => {
        const decoded = decode(AgentMessage, `{"kind":"hello","hostname":"${secret}","now":${json}}`)
        expect(decoded.kind === 'malformed' && decoded.reason.includes(secret)).toBe(false)
      }),
    )
  })
})
