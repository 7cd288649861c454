import { describe, expect, it } from 'vitest'
import { item, refusal } from './asking.ts'

const F = (value: unknown) => ({ F: value })
/** [item, value, what fits, what doesn't] */
type Case = [key: string, value: string, fits: unknown[], not: unknown[]]

const cases: Case[] = [
  ['F', 'abc', ['abc', 'ABC', ['x', 'Abc']], ['abcd', '', null, undefined, 7]],
  ['F', "''", ['', ['']], ['a', null]],
  ['F', 'a*c', ['ac', 'aXc', 'a/b/C'], ['acd', 'bac']],
  ['F', 'a?c', ['abc', 'a?c'], ['ac', 'abbc']],
  ['F', '"*a?b*c"', ['a1bc', 'zza1bzzc'], ['abc', 'a1bcd']],
  ['F', String.raw`a\*c`, ['a*c'], ['abc']],
  ['F', String.raw`a\?c`, ['a?c'], ['abc', String.raw`a\?c`]],
  ['F', String.raw`C:\\Windows\x`, [String.raw`c:\windows\X`], [String.raw`C:\\Windows\x`]],
  ['F', String.raw`a\\*`, [String.raw`a\b`, 'a\\'], ['a*', 'ab']],
  ['F', String.raw`a\\\*`, [String.raw`a\*`], [String.raw`a\b`]],
  ['F', '\\\\\\\\host\\', ['\\\\HOST\\'], ['\\host\\']],
  ['F', '4624', [4624, '4624', ' 4624 ', '0x1210'], [4625, '46240', 'x']],
  ['F', "'4624'", [4624, '4624'], ['04624']],
  ['F', '[1, 2, 3, 4, 5, 6, 7, 8, 9, 4624]', [4624, '0x1210'], [10]],
  ['F', "'true'", [true, 'True'], [false]],
  ['F', 'true', [true, 'TRUE'], [1]],
  ['F', 'null', [null, undefined], ['', 'null', 0]],
  ['F', "[null, '', '-']", [null, '', '-'], ['a']],
  ['F|contains', 'b', ['abc', 'B'], ['ac', '']],
  ['F|contains', 'b*d', ['abcde'], ['adb']],
  ['F|contains', '46', [4624], [4264]],
  ['F|contains', '[x, y]', ['ax', 'ay'], ['a']],
  ['F|contains|all', '[x, y]', ['yx', 'x y'], ['x', 'y']],
  ['F|startswith', 'ab', ['ABc'], ['cab']],
  ['F|endswith', String.raw`\cmd.exe`, [String.raw`C:\CMD.EXE`], ['cmd.exe', String.raw`C:\cmd.exe.txt`]],
  ['F|endswith', 'Σ', ['ΑΣ', 'ας', 'ασ'], ['Σα']],
  ['F|cased', 'aBc', ['aBc'], ['abc', 'ABC']],
  ['F|contains|cased', 'aB', ['xaBx'], ['xabx']],
  ['F|startswith|cased', '[Ab, Cd]', ['Abc', 'Cdx'], ['abc']],
  ['F|windash|contains', "' -enc'", ['x -enc', 'x /enc', 'x –enc', 'x —enc', 'x ―enc'], ['x enc', 'x −enc']],
  ['F|contains|windash', "'a-b /c'", ['a-b -c', 'a-b ―c'], ['a/b /c']],
  ['F|windash', "'-a -b'", ['/a ―b', '–a —b'], ['-a b']],
  ['F|base64', 'foobar', ['Zm9vYmFy'], ['foobar']],
  ['F|base64|contains', "'http://'", ['xaHR0cDovLw==x'], ['http://']],
  [
    'F|base64offset|contains',
    'foobar',
    ['Zm9vYmFy', 'xxZvb2Jhc', 'xxxmb29iYX', btoa('afoobar'), btoa('abfoobar!'), btoa('abcfoobar')],
    ['foobar'],
  ],
  ['F|wide|base64offset|contains', 'ping', ['p\0i\0n\0g\0', 'zp\0i\0n\0g\0', 'zyp\0i\0n\0g\0'].map(btoa), [btoa('ping')]],
  ['F|utf16le|base64|contains', 'iex', [btoa('i\0e\0x\0')], [btoa('iex')]],
  ['F|utf16be|base64', 'iex', [btoa('\0i\0e\0x')], [btoa('i\0e\0x\0')]],
  ['F|utf16|base64', 'iex', [btoa('\xff\xfei\0e\0x\0')], [btoa('i\0e\0x\0')]],
  ['F|base64', 'ü', ['w7w='], ['/A==']],
  ['F|cidr', '10.0.0.0/8', ['10.255.0.1', '::ffff:10.1.1.1'], ['11.0.0.1', '10.0.0', '::a00:1', 'x']],
  ['F|cidr', '192.168.1.128/25', ['192.168.1.200'], ['192.168.1.127', '192.168.01.2000']],
  ['F|cidr', "['fe80::/10', '::1/128']", ['fe80::1', 'FEBF::1', '::1', 'fe80::1%eth0'], ['fec0::1', '::2', '1.2.3.4']],
  ['F|cidr', "'2001:db8::/33'", ['2001:db8:7fff::1'], ['2001:db8:8000::1']],
  ['F|gt', '5', [6, '6', '5.1'], [5, '', 'x', null]],
  ['F|gte', '5', [5, '5'], [4]],
  ['F|lt', '5', [4, '-1'], [5, '', null]],
  ['F|lte', "'5'", [5], [6]],
  ['F|exists', 'true', ['', 'x', 0], [null, undefined]],
  ['F|exists', 'false', [null, undefined], ['', 0]],
  ['F|neq', 'x', ['y', undefined], ['X']],
  ['F|hour', '3', ['2026-11-22T03:59:00Z'], ['2026-11-22T04:00:00Z', 'x']],
  ['F|week', '53', ['2027-01-03T12:00:00Z'], ['2027-01-04T12:00:00Z']],
  ['F|re', "'a.c'", ['xabcx'], ['ac', 'ABC']],
  ['F|re|i', "'^a.c$'", ['ABC'], ['xabc']],
  ['F|re|m|i', "'^b$'", ['a\nB\nc'], ['ab']],
  ['F|re|s', "'a.c'", ['a\nc'], ['ab']],
  ['F|re', "'(?i)abc'", ['ABC'], ['AB']],
]

describe('values and modifiers', () => {
  it.each(cases)('%s: %s', (key, value, fits, others) => {
    const asked = item(key, value)
    for (const each of fits) expect(asked(F(each)), JSON.stringify(each)).toBe(true)
    for (const each of others) expect(asked(F(each)), JSON.stringify(each)).toBe(false)
  })

  it('compares fields with each other', () => {
    expect(item('A|fieldref', 'B')({ A: 'x', B: 'X' })).toBe(true)
    expect(item('A|fieldref', 'B')({ A: 'x', B: 'y' })).toBe(false)
    expect(item('A|fieldref', 'B')({ A: 'x' })).toBe(false)
    expect(item('A|fieldref|cased', 'B')({ A: 'x', B: 'X' })).toBe(false)
    expect(item('A|fieldref|endswith', 'B')({ A: 'c:/x.exe', B: 'X.exe' })).toBe(true)
    expect(item('A|startswith|fieldref', 'B')({ A: 'c:/x.exe', B: 'c:' })).toBe(true)
    expect(item('A|contains|fieldref', '[B, C]')({ A: 'abc', B: 'x', C: 'b' })).toBe(true)
  })

  it('puts what the policy says in the place of names', () => {
    const admins = { Admins: ['alice', '100%', 'bob*'], Hosts: ['h1', 'h2'] }
    const asked = item('F|expand', "'%Admins%@%Hosts%'", admins)
    expect(['ALICE@h2', '100%@h1', 'bobby@h1'].map((value) => asked(F(value)))).toEqual([true, true, true])
    expect(asked(F('%Admins%@h1'))).toBe(false)
    expect(item('F|expand|contains', "'%Hosts%'", admins)(F('on H2!'))).toBe(true)
    expect(refusal("s:\n  F|expand: '%Nobody%'\ncondition: s", admins)).toBe('the policy has nothing for its placeholder %Nobody%')
  })

  it.each([
    ['F|sounds', 'x', /modifier “sounds”/],
    ['F|re', "'('", /a "\(" is never closed/],
    ['F|re', String.raw`'(a)\1'`, /refers back/],
    ['F|re|contains', 'x', /can’t be used together/],
    ['F|cidr', '10.0.0.0/40', /is no network/],
    ['F|gt', 'x', /needs a number/],
    ['F|base64', "'a*'", /wildcards/],
    ['F|exists', 'maybe', /true or false/],
    ['F', '[]', /has no value/],
    ['F', '[{ a: 1 }]', /neither text nor number/],
    ['F|i', 'x', /modifier “i”/],
    ['F|lt', '.inf', /has no end/],
  ])('refuses %s: %s', (key, value, reason) => {
    expect(refusal(`s:\n  ${key}: ${value}\ncondition: s`)).toMatch(reason)
  })
})
