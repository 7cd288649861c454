import { days } from '#shared/domain/time.ts'
import { oldestRegisterMs } from '#shared/protocol/authority.ts'

/** Two working days in which somebody with an authority key can be found. */
const remindBeforeMs = days(2)

export interface AgeOfRegister {
  state: 'raised' | 'cleared'
  severity: 'medium' | 'high'
  summary: string
  leftMs: number
}

/**
 * What is to be said of the register of operators (pure): it counts for seven days, and whoever forgets to sign it anew
 * stops every command that is more than protective. undefined: nobody is named in one.
 */
export function ageOfRegister(issuedAt: number | undefined, now: number): AgeOfRegister | undefined {
  if (issuedAt === undefined || issuedAt === 0) return undefined
  const leftMs = issuedAt + oldestRegisterMs - now
  if (leftMs > remindBeforeMs) return { state: 'cleared', severity: 'medium', summary: 'The register of operators was signed anew', leftMs }
  const until = new Date(now + leftMs).toISOString().slice(0, 16)
  if (leftMs > 0)
    return {
      state: 'raised',
      severity: 'medium',
      summary: `The register of operators counts until ${until}Z only: sign it anew (tierline operator renew)`,
      leftMs,
    }
  const summary = `The register of operators lapsed at ${until}Z: only protective commands run until it is signed anew (tierline operator renew)`
  return { state: 'raised', severity: 'high', summary, leftMs }
}
