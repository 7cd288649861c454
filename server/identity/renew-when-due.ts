import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { hours, type Time } from '#shared/domain/time.ts'
import type { Documents } from './documents.ts'
import type { Identity } from './identity.ts'

/** The server certificate lives a year and is made anew at two thirds of it, or for another list of addresses. @returns its stop. */
export function renewWhenDue(
  { time, log }: { time: Time; log: Logger },
  { documents, serverCertificate }: Pick<Identity, 'serverCertificate'> & { documents: Pick<Documents, 'onChanged'> },
  hosts: Parameters<Identity['serverCertificate']>[0],
  doors: readonly { replaceCertificate(renewed: Awaited<ReturnType<Identity['serverCertificate']>>): void }[],
): () => void {
  const renew = async (): Promise<void> => {
    const renewed = await serverCertificate(hosts)
    for (const door of doors) door.replaceCertificate(renewed)
  }
  let cancel = time.after(hours(24), look)
  const stopListening = documents.onChanged(look)
  function look() {
    renew().catch((error: unknown) => log.error({ reason: sentenceOf(error) }, 'the server certificate could not be renewed'))
    cancel()
    cancel = time.after(hours(24), look)
  }
  return () => {
    stopListening()
    cancel()
  }
}
