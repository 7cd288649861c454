import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { factText } from '../../../server/console/ticket/fact-text.ts'
import { promiseOf } from '../../../server/console/ticket/promise.ts'
import { bytes, percent } from '../../../server/console/words/quantities.ts'
import { shellWord } from '../../../server/console/words/shell-word.ts'
import { trustInWords } from '../../../server/console/words/trust.ts'

describe('shellWord', () => {
  it('leaves a plain path as it is', () => expect(shellWord('/home/ada/canaries/00-notes.docx')).toBe('/home/ada/canaries/00-notes.docx'))

  it.each(['/tmp/00 accounts.docx', '/tmp/$(touch gone)', "/tmp/it's`x`", '/tmp/a;b&c|d>"e"', '-n'])(
    'makes one harmless word of %s',
    (path) => {
      const printed = execFileSync('sh', ['-c', `printf %s ${shellWord(path)}`])
      expect(printed.toString()).toBe(path === '-n' ? '-n' : path)
    },
  )

  it('offers nothing to paste that holds a line break', () => expect(shellWord('/tmp/x\nrm -rf ~')).toBeUndefined())
})

describe('promiseOf', () => {
  it.each([
    [{ by: null, metAt: null, isOver: false }, 'none'],
    [{ by: 100, metAt: null, isOver: false }, 'running'],
    [{ by: 40, metAt: null, isOver: false }, 'broken'],
    [{ by: 100, metAt: 100, isOver: true }, 'kept'],
    [{ by: 100, metAt: 101, isOver: true }, 'broken'],
    [{ by: 100, metAt: null, isOver: true }, 'kept'],
    [{ by: 40, metAt: null, isOver: true }, 'none'],
  ] as const)('%o is %s', (clock, state) => expect(promiseOf(clock, 50)).toBe(state))
})

describe('quantities', () => {
  it.each([
    [0, '0 B'],
    [0.5, '1 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [8.1 * 2 ** 30, '8.1 GiB'],
    [466 * 2 ** 30, '466 GiB'],
  ])('%d bytes are %s', (count, text) => expect(bytes(count)).toBe(text))
  it.each([
    [0, '0 %'],
    [0.063, '6.3 %'],
    [0.919, '92 %'],
    [1, '100 %'],
  ])('%d is %s', (ratio, text) => expect(percent(ratio)).toBe(text))
})

describe('factText', () => {
  it('reads the unit from the name', () => {
    expect(factText('freeBytes', 2 ** 30)).toBe('1.0 GiB')
    expect(factText('usedRatio', 0.91)).toBe('91 %')
    expect(factText('tookMs', 84)).toBe('84 ms')
    expect(factText('count', 41)).toBe('41')
    expect(factText('touchedAt', 1_795_414_958_394.644)).toBe('2026-11-23 06:22:38.394 UTC')
    expect(factText('touchedAt', 1e300)).toBe('1e+300')
  })
  it('leaves text as text', () => {
    expect(factText('line', '<script>')).toBe('<script>')
    expect(factText('users', ['root', '<b>'])).toBe('root\n<b>')
    expect(factText('isArmed', false)).toBe('no')
    expect(factText('by', null)).toBe('–')
  })
})

describe('the line below every page', () => {
  it('says whose word machines take, and that one operator alone signs what is risky', () => {
    expect(trustInWords({ by: 'collector', operators: 0 })).toContain('whoever runs it commands them all')
    expect(trustInWords({ by: 'operators', operators: 0 })).toContain('only what protects machines runs')
    expect(trustInWords({ by: 'operators', operators: 1 })).toContain('One operator only: one signature is enough')
    expect(trustInWords({ by: 'operators', operators: 3 })).toContain('3 people sign')
  })
})
