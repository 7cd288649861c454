import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'

/*
 * Enters: a password. Leaves: `scrypt$N$r$p$salt$hash`, its parameters beside it so that they can rise later.
 * Promises: comparing takes as long for a wrong password as for a right one. On failure: a stored text that is no such
 * hash fits no password. Threat: a stolen database, and somebody who measures answers.
 */

// As strong as N=2^17, p=1 by OWASP's table (Password Storage Cheat Sheet), in 32 MiB instead of 128: sign-ins that
// come at once run on the four threads that also read files.
const cost = { N: 32_768, r: 8, p: 3 }
const keyBytes = 32

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  return write(salt, await derive(password, salt, cost))
}

/** A hash that no password fits and that takes as long to compare with as any other. */
export function hashOfNobody(): string {
  return write(randomBytes(16), randomBytes(keyBytes))
}

export async function isPassword(password: string, stored: string): Promise<boolean> {
  const [scheme, N, r, p, salt, key] = stored.split('$')
  if (scheme !== 'scrypt' || !salt || !key) return false
  const expected = Buffer.from(key, 'base64')
  const given = await derive(password, Buffer.from(salt, 'base64'), { N: Number(N), r: Number(r), p: Number(p) })
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function write(salt: Buffer, key: Buffer): string {
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64'), key.toString('base64')].join('$')
}

function derive(password: string, salt: Buffer, { N, r, p }: typeof cost): Promise<Buffer> {
  // scrypt needs 128·N·r bytes and a little; Node refuses above `maxmem`.
  const options: ScryptOptions = { N, r, p, maxmem: 256 * N * r }
  return new Promise((resolve, reject) => {
    // NFKC, so that a password typed on another keyboard is the same one.
    scrypt(password.normalize('NFKC'), salt, keyBytes, options, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
