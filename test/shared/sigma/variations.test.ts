import { describe, expect, it } from 'vitest'
import { normalise } from '#shared/sigma/normalise.ts'
import { createSigmaEngine } from '#shared/sigma/sigma.ts'
import { setOf } from './asking.ts'

/* Combinations of what Sigma 2 can say, as rules from elsewhere may use them. */
const wide = (text: string): Buffer => Buffer.from(text, 'utf16le')

function isHit(detection: string, event: object): boolean {
  const lines = detection.split(' ; ').map((line) => `  ${line}\n`)
  const source = 'logsource: { product: windows, category: process_creation }'
  const set = setOf(`title: t\nid: 11111111-1111-4111-8111-111111111111\nlevel: high\n${source}\ndetection:\n${lines.join('')}`)
  expect(set.refused).toEqual([])
  const seen = normalise({ logsource: { product: 'windows', category: 'process_creation' }, ...event })
  return createSigmaEngine(set).judge(seen, 0).length > 0
}

describe('a rule from elsewhere', () => {
  it.each<[boolean, string, object]>([
    [true, 's: { CommandLine|base64offset|contains: secret } ; condition: s', { CommandLine: `x ${btoa('a secret here')}` }],
    [true, 's: { CommandLine|wide|base64offset|contains: secret } ; condition: s', { CommandLine: wide('zz secret').toString('base64') }],
    [
      true,
      's: { CommandLine|utf16|base64|contains: secret } ; condition: s',
      { CommandLine: Buffer.concat([Buffer.from([255, 254]), wide('secret')]).toString('base64') },
    ],
    [true, "s: { CommandLine|re|i|m|s: '^foo.bar$' } ; condition: s", { CommandLine: 'x\nFOO\nBAR\ny' }],
    [true, "s: { SourceIp|cidr: '2001:db8::/32' } ; condition: s", { SourceIp: '2001:db8::5' }],
    [false, "s: { SourceIp|cidr: '2001:db8::/32' } ; condition: s", { SourceIp: '2001:db9::5' }],
    [true, 's: { Image|fieldref|endswith: Name } ; condition: s', { Image: 'C:\\x\\a.exe', Name: 'A.EXE' }],
    [true, "s: { CommandLine|windash|contains|all: [' -a ', ' -b '] } ; condition: s", { CommandLine: 'x /a –b y' }],
    [true, "s: { CommandLine|contains|all|windash: [' -a ', ' -b '] } ; condition: s", { CommandLine: 'x /a -b y' }],
    [true, 's_a: { Image: a } ; s_b: { Image: b } ; f_x: { User: root } ; condition: 1 of s_* and not 1 of f_*', { Image: 'b' }],
    [true, 'a: { Image: a } ; _b: { Image: zzz } ; condition: all of them', { Image: 'a' }],
    [true, 'a: { Image: a } ; b: { User: b } ; c: { User: c } ; condition: 2 of them', { Image: 'a', User: 'b' }],
    [true, 's: { User: null } ; condition: s', { Image: 'a' }],
    [true, "s: { User: '' } ; condition: s", { User: '' }],
    [false, "s: { User: '' } ; condition: s", { User: 'x' }],
    [true, 's: { User|exists: false } ; condition: s', { Image: 'a' }],
    [true, 's: { Image: [a, b, null] } ; condition: s', { User: 'x' }],
    [true, 's: { EventID: 1 } ; condition: s', { EventID: '1' }],
    [true, "s: { EventID: '1' } ; condition: s", { EventID: 1 }],
    [true, "s: { Image|endswith: '\\cmd.exe' } ; condition: s", { Image: 'C:\\Windows\\CMD.EXE' }],
    [true, "s: { Image|startswith: 'C:\\Windows\\' } ; condition: s", { Image: 'c:\\windows\\x' }],
    [true, "s: { CommandLine|contains: '\\*' } ; condition: s", { CommandLine: 'a*b' }],
    [false, "s: { CommandLine|contains: '\\*' } ; condition: s", { CommandLine: 'a\\b' }],
    [true, "s: { CommandLine: 'a\\\\*b' } ; condition: s", { CommandLine: 'a\\zzzb' }],
    [true, "s: { CommandLine: '\\\\\\\\srv\\share*' } ; condition: s", { CommandLine: '\\\\srv\\share\\x' }],
    [true, "s: { CommandLine: 'C:\\\\x\\?' } ; condition: s", { CommandLine: 'C:\\x?' }],
    [true, "s: { CommandLine|contains: 'ÄÖ' } ; condition: s", { CommandLine: 'xäö' }],
    [true, "k: { '|all': [foo, bar] } ; condition: k", { CommandLine: 'foo', Image: 'bar' }],
    [false, 's: { Image|contains|cased: AbC } ; condition: s', { Image: 'xabcx' }],
    [true, 's: { Size|lte: 5.5 } ; condition: s', { Size: '5' }],
    [true, 's: { Image|neq: a } ; condition: s', { Image: 'b' }],
    [true, 's: { Flag: true } ; condition: s', { Flag: 'True' }],
    [true, 's: { Image: a } ; x: { Image: b } ; condition: [s, x]', { Image: 'b' }],
    [true, 's: { Image: a } ; f: { User: b } ; condition: (s) AND (NOT (f))', { Image: 'a' }],
  ])('%s: %s', (wanted, detection, event) => expect(isHit(detection, event)).toBe(wanted))
})
