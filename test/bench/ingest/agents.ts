import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import type { OrganisationList } from '#shared/api/administration.ts'
import type { EnrolmentTokenMade } from '#shared/api/endpoints.ts'
import { enrol } from '../../../agent/identity/enrol.ts'
import { readIdentity } from '../../../agent/identity/files.ts'
import { type ApiClient, signIn } from '../../support/api.ts'
import type { Program } from '../../support/program.ts'
import type { Pass } from './load.ts'

/** Enrols `count` agents the way people do: sign in, make a token, hand it to the agent's own enrolment. */
export async function enrolAgents(collector: Program, dataDir: string, count: number): Promise<Pass[]> {
  const [, consoleUrl = ''] = await collector.prints(/(http:\/\/\S+)/)
  const [login = '', password = ''] = (await readFile(join(dataDir, 'first-sign-in'), 'utf8')).trim().split(' / ')
  const api = await signIn(consoleUrl, login, password)
  const { organisations } = await api.get<z.infer<typeof OrganisationList>>('/api/organisations')
  const organisationId = organisations[0]?.id ?? ''
  return Promise.all(Array.from({ length: count }, (_, index) => enrolAgent(api, organisationId, join(dataDir, `agent-${index}`), index)))
}

async function enrolAgent(api: ApiClient, organisationId: string, dataDir: string, index: number): Promise<Pass> {
  const { token } = await api.post<z.infer<typeof EnrolmentTokenMade>>('/api/enrolment-tokens', { organisationId })
  const outcome = await enrol({ token, dataDir, hostname: `bench-${index}`, platform: 'linux' })
  if (outcome.kind === 'refused') throw new Error(`${outcome.code}: ${outcome.message}`)
  const { pinned, credentials } = readIdentity(dataDir)
  return { url: pinned.collector, ...credentials }
}
