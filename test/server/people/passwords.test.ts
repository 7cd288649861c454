import { describe, expect, it } from 'vitest'
import { hashOfNobody, hashPassword, isPassword } from '../../../server/people/passwords.ts'

describe('a password', () => {
  it('fits its own hash and no other, however its letters are composed', async () => {
    const stored = await hashPassword('Größe 42')
    expect(stored).toMatch(/^scrypt\$32768\$8\$3\$/)
    expect(await isPassword('Gro\u0308ße 42', stored)).toBe(true)
    expect(await isPassword('größe 42', stored)).toBe(false)
    expect(await hashPassword('Größe 42')).not.toBe(stored)
  })

  it('is compared with the parameters that stand beside the hash', async () => {
    const weaker = 'scrypt$1024$8$1$AAAAAAAAAAAAAAAAAAAAAA==$'
    const { scryptSync } = await import('node:crypto')
    const key = scryptSync('old', Buffer.alloc(16), 32, { N: 1_024, r: 8, p: 1 }).toString('base64')
    expect(await isPassword('old', weaker + key)).toBe(true)
  })

  it('fits neither nobody nor what is no hash', async () => {
    expect(await isPassword('', hashOfNobody())).toBe(false)
    for (const stored of ['', 'plain', 'scrypt$1$2$3', 'bcrypt$1$2$3$AAAA$AAAA']) expect(await isPassword('plain', stored)).toBe(false)
  })
})
