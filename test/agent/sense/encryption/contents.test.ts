import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readabilityOf } from '../../../../agent/sense/encryption/contents.ts'
import { isDocument, isRansomNote, originalOf } from '../../../../agent/sense/encryption/names.ts'
import { hasProgram } from './ways.ts'

const text = Buffer.from('The supplier delivers on time and the customer pays within thirty days, or not at all.\n'.repeat(200))
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tierline-contents-'))
  for (const name of ['a.txt', 'b.txt', 'c.txt']) writeFileSync(join(folder, name), text)
})

afterAll(() => rmSync(folder, { recursive: true }))

function made(program: string, args: string[], file: string): Buffer {
  execFileSync(program, args, { cwd: folder, stdio: 'ignore' })
  return readFileSync(join(folder, file)).subarray(0, 65_536)
}

describe('what can still be read', () => {
  it.each<[string, Buffer]>([
    ['text', text],
    ['text in an old code page', Buffer.from('Grüße aus Köln, schöne Tage\n'.repeat(9), 'latin1')],
    ['UTF-16', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['Chinese', Buffer.from('供应商按时交货，客户在三十天内付款。'.repeat(20))],
    ['gzip', gzipSync(randomBytes(5_000))],
    ['gzip, cut off', gzipSync(randomBytes(200_000)).subarray(0, 65_536)],
    ['zlib, as git keeps it', deflateSync(randomBytes(5_000))],
    ['zstd', zstdCompressSync(randomBytes(5_000))],
    ['a JPEG', Buffer.concat([Buffer.from('ffd8ffe000104a464946', 'hex'), randomBytes(5_000)])],
    ['a table of numbers', Buffer.from(Float64Array.from({ length: 2_000 }, (_, index) => index / 3).buffer)],
  ])('%s', (_, bytes) => expect(readabilityOf(bytes)).toBe('readable'))

  it.each<[string, string, string[], string]>([
    ['7z', '7z', ['a', 'open.7z', 'a.txt', 'b.txt', 'c.txt'], 'open.7z'],
    ['7z as it is, uncompressed', '7z', ['a', '-mx0', 'stored.7z', 'a.txt', 'b.txt'], 'stored.7z'],
    ['zip', '7z', ['a', 'open.zip', 'a.txt'], 'open.zip'],
    ['xz', 'xz', ['-k', 'a.txt'], 'a.txt.xz'],
    ['bzip2', 'bzip2', ['-k', 'a.txt'], 'a.txt.bz2'],
  ])('%s, as its program makes it', (_, program, args, file) => {
    if (hasProgram(program)) expect(readabilityOf(made(program, args, file))).toBe('readable')
  })
})

describe('what nobody can read', () => {
  it('a small 7z with a password, whose plain end weighs as much as what is packed', () => {
    const packed = randomBytes(284)
    const head = Buffer.concat([Buffer.from('377abcaf271c0004', 'hex'), randomBytes(4), Buffer.alloc(20), packed, Buffer.alloc(40)])
    head.writeBigUInt64LE(BigInt(packed.length), 12)
    // LZMA would begin with a zero byte.
    head[32] = 0x5d
    expect(readabilityOf(head)).toBe('sealed')
  })

  it.each([32, 64, 100, 1_000, 65_536])('%i random bytes', (count) => {
    const found = Array.from({ length: 50 }, () => readabilityOf(randomBytes(count)))
    // A few look like something by chance.
    expect(found.filter((each) => each === 'unreadable').length).toBeGreaterThan(count === 32 ? 40 : 46)
  })

  it('a gzip that is none', () =>
    expect(readabilityOf(Buffer.concat([Buffer.from('1f8b0800', 'hex'), randomBytes(5_000)]))).toBe('unreadable'))

  it.each<[string, string, string[], string]>([
    ['7z with a password', '7z', ['a', '-psecret', 'shut.7z', 'a.txt', 'b.txt', 'c.txt'], 'shut.7z'],
    ['7z with its names hidden', '7z', ['a', '-psecret', '-mhe', 'hidden.7z', 'a.txt', 'b.txt'], 'hidden.7z'],
    ['zip with a password', '7z', ['a', '-psecret', 'shut.zip', 'a.txt'], 'shut.zip'],
    ['openssl', 'openssl', ['enc', '-aes-256-cbc', '-pbkdf2', '-k', 's', '-in', 'a.txt', '-out', 'a.enc'], 'a.enc'],
  ])('%s says so itself', (_, program, args, file) => {
    if (!hasProgram(program)) return
    const tries = [1, 2, 3].map(() => {
      rmSync(join(folder, file), { force: true })
      return readabilityOf(made(program, args, file))
    })
    // One in two hundred looks like an open one by chance.
    expect(tries.filter((each) => each === 'sealed').length).toBeGreaterThan(1)
  })
})

it('says nothing of what is empty, reserved or too short', () => {
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(4_096), randomBytes(20)]) expect(readabilityOf(bytes)).toBe('unclear')
})

it('takes names for what they say', () => {
  expect(['/home/a/Plan.docx', '/srv/x.TXT'].every(isDocument)).toBe(true)
  expect(['/usr/share/doc/x.txt', '/var/cache/x.json', '/home/a/core', '/proc/1/x.txt'].some(isDocument)).toBe(false)
  expect(['/h/Plan.docx.enc', '/h/Plan.docx.id-7F.[mail].locked', '/h/Plan.docx'].map(originalOf)).toEqual([
    '/h/Plan.docx',
    '/h/Plan.docx',
    undefined,
  ])
})

it.each([
  ['HOW_TO_DECRYPT.txt', true],
  ['!!!READ_ME_TO_RECOVER_FILES!!!.html', true],
  ['_readme.txt', true],
  ['RESTORE-MY-FILES.hta', true],
  ['YOUR FILES ARE ENCRYPTED', true],
  ['README.md', false],
  ['restore.sh', false],
  ['How to bake bread.txt', false],
  ['data.json', false],
])('a note of ransom: %s %s', (name, isNote) => expect(isRansomNote(`/h/${name}`)).toBe(isNote))
