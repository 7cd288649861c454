import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decoysOf } from '../../../../agent/sense/canary/decoys.ts'
import { entropy } from '../../../../agent/sense/canary/examine.ts'
import { zip } from '../../../../agent/sense/canary/make-files.ts'
import { judge } from '../../../../agent/sense/canary/readable.ts'
import { has } from './room.ts'

const decoys = decoysOf('0123456789abcdef')
const all = decoys.map((decoy) => [decoy.kind, decoy.bytes()] as const)
const docx = decoys.find((decoy) => decoy.kind === 'docx')?.bytes() ?? Buffer.alloc(0)
const txt = decoys.find((decoy) => decoy.kind === 'txt')?.bytes() ?? Buffer.alloc(0)
const encrypted = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from('Salted__'), randomBytes(8 + bytes.length)])
const another = decoysOf('fedcba9876543210')

describe.each(all)('a %s', (kind, bytes) => {
  it('is itself', () => expect(judge(bytes, kind, bytes)).toBe('same'))
  it('with something behind it is still one', () => expect(judge(Buffer.concat([bytes, Buffer.from('x\n')]), kind, bytes)).toBe('whole'))
  it('of other content is one too', () => {
    const other = another.find((decoy) => decoy.kind === kind)?.bytes() ?? Buffer.alloc(0)
    expect(judge(other, kind, bytes)).toBe('whole')
  })
  it('encrypted is unreadable', () => expect(judge(encrypted(bytes), kind, bytes)).toBe('unreadable'))
  it('whose first kilobyte is encrypted is unreadable', () => {
    expect(judge(Buffer.concat([randomBytes(1_024), bytes.subarray(1_024)]), kind, bytes)).toBe('unreadable')
  })
  it('that is empty, or still zeros, is not written yet', () => {
    expect(judge(Buffer.alloc(0), kind, bytes)).toBe('partial')
    expect(judge(Buffer.alloc(4_096), kind, bytes)).toBe('partial')
  })
  it('gzipped or zipped is archived; half of that is not written yet', () => {
    expect(judge(gzipSync(bytes), kind, bytes)).toBe('archived')
    expect(judge(gzipSync(bytes).subarray(0, -20), kind, bytes)).toBe('partial')
    expect(judge(zip([{ name: 'a', content: txt.toString() }]), 'txt', txt)).toBe('archived')
  })
  it('that only wears an archive’s beginning is unreadable', () => {
    expect(judge(Buffer.concat([Buffer.from('1f8b0800', 'hex'), randomBytes(2_000)]), kind, bytes)).toBe('unreadable')
    expect(judge(gzipSync(randomBytes(2_000)), kind, bytes)).toBe('unreadable')
  })
})

describe('half of a file', () => {
  it.each(all.filter(([kind]) => kind !== 'txt'))('%s is not written yet', (kind, bytes) => {
    expect(judge(bytes.subarray(0, bytes.length / 2), kind, bytes)).toBe('partial')
  })

  it('is what any cut of a decoy is; none is called unreadable', () => {
    for (const [kind, bytes] of all) {
      const cuts = Array.from({ length: 60 }, (_, n) => bytes.subarray(0, Math.floor((bytes.length * n) / 60)))
      expect(cuts.map((cut) => judge(cut, kind, bytes)).filter((judgement) => judgement === 'unreadable')).toEqual(
        kind === 'txt' ? [] : cuts.filter(isHeadless).map(() => 'unreadable'),
      )
    }
  })
})

/** Too short to show what it begins as. */
const isHeadless = (cut: Buffer): boolean => cut.length > 0 && cut.length < 8

describe('text', () => {
  it.each([
    ['UTF-8', Buffer.from('Kontoübersicht, größer als früher – 日本')],
    ['UTF-16', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('Konto', 'utf16le')])],
    ['an old code page', Buffer.from('Kontoübersicht und alle Beträge, die noch offen sind\n'.repeat(3), 'latin1')],
  ])('in %s is text', (_, bytes) => expect(judge(bytes, 'txt', txt)).toBe('whole'))

  it('with bytes that no text has is none', () => {
    expect(judge(Buffer.concat([txt, Buffer.from([0, 1, 2])]), 'txt', txt)).toBe('unreadable')
  })
})

describe('what real programs make of it', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tierline-readable-'))
    writeFileSync(join(folder, 'a.docx'), docx)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it.each([
    ['zip', ['-q', 'out', 'a.docx'], 'out.zip', 'archived'],
    ['zip', ['-q', '-P', 'secret', 'locked', 'a.docx'], 'locked.zip', 'unreadable'],
    ['xz', ['-k', 'a.docx'], 'a.docx.xz', 'sealed'],
    ['bzip2', ['-k', 'a.docx'], 'a.docx.bz2', 'sealed'],
    ['zstd', ['-q', 'a.docx'], 'a.docx.zst', 'sealed'],
    ['tar', ['czf', 'a.tgz', 'a.docx'], 'a.tgz', 'archived'],
    ['7z', ['a', '-bd', 'a.7z', 'a.docx'], 'a.7z', 'sealed'],
    ['7z', ['a', '-bd', '-psecret', '-mhe=on', 'b.7z', 'a.docx'], 'b.7z', 'unreadable'],
  ])('%s %j', (program, args, made, judgement) => {
    if (!has(program)) return console.log(`not run here: ${program} on a decoy, because it is not installed`)
    execFileSync(program, args, { cwd: folder, stdio: 'ignore' })
    expect(judge(readFileSync(join(folder, made)), 'docx', docx)).toBe(judgement)
  })
})

describe('entropy', () => {
  it('tells noise from text', () => {
    expect(entropy(randomBytes(65_536))).toBeGreaterThan(7.9)
    expect(entropy(txt)).toBeLessThan(5)
    expect(entropy(Buffer.alloc(0))).toBe(0)
  })
})
