import { X509Certificate } from 'node:crypto'
import { days, hours } from '#shared/domain/time.ts'
import type { Vitals } from '../../host/vitals.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.certificate.expiring: medium below 14 days, high below 3, for certificates in the places where servers keep their
 * own. Renewal by itself (ACME) happens at 30 days, so at 14 it has failed for two weeks. Lists of authorities and
 * certificates that Linux ships for nobody (snakeoil) are left out. Expired for a month: nobody uses it, and it is passed.
 */
export interface Certificate {
  path: string
  subject: string
  expiresAt: number
}

/** A folder, and whether one lies below it for each certificate. */
const places: { folder: string; inside?: string[] }[] = [
  { folder: '/etc/letsencrypt/live', inside: ['fullchain.pem'] },
  ...['/etc/nginx/ssl', '/etc/nginx/certs', '/etc/apache2/ssl', '/etc/httpd/ssl', '/etc/haproxy/certs', '/etc/postfix/tls'].map(
    (folder) => ({ folder }),
  ),
  ...['/etc/dovecot/ssl', '/etc/dovecot/private', '/etc/pki/tls/certs', '/etc/ssl/local', '/etc/openvpn/server'].map((folder) => ({
    folder,
  })),
]
const isNobodys = /snakeoil|ca-bundle|ca-cert|\bca\./i

export default defineHealth({
  name: 'certificate-expiring',
  platforms: ['linux'],
  every: hours(6),
  runbook: 'Renew it and have the service load it; if it renews itself, see why that failed (certbot renew --dry-run).',
  start: null,
  read: async ({ vitals }) => (await Promise.all(places.map((place) => certificatesAt(vitals, place)))).flat().slice(0, 500),
  decide(state, certificates, { now, limits }) {
    const findings = certificates.flatMap(({ path, subject, expiresAt }) => {
      const daysLeft = Math.floor((expiresAt - now) / days(1))
      if (daysLeft >= limits.soonDays || daysLeft < -30) return []
      const severity = daysLeft < limits.severeDays ? ('high' as const) : ('medium' as const)
      const summary = daysLeft < 0 ? `The certificate ${path} has expired` : `The certificate ${path} expires in ${daysLeft} days`
      return [{ kind: 'health.certificate.expiring', severity, about: path, summary, facts: { path, subject, expiresAt, daysLeft } }]
    })
    return { state, findings }
  },
})

async function certificatesAt(vitals: Vitals, { folder, inside }: { folder: string; inside?: string[] }): Promise<Certificate[]> {
  const names = (await vitals.names(folder)).slice(0, 200)
  const files = inside
    ? names.flatMap((name) => inside.map((file) => `${name}/${file}`))
    : names.filter((name) => /\.(pem|crt|cer)$/.test(name))
  const wanted = files.filter((file) => !isNobodys.test(file)).map((file) => `${folder}/${file}`)
  return (await Promise.all(wanted.map(async (path) => certificateIn(path, (await vitals.file(path))?.text)))).flat()
}

/** A bundle's first is the server's own; what is none of the sort is passed over. */
function certificateIn(path: string, text: string | undefined): Certificate[] {
  if (!text?.includes('-----BEGIN CERTIFICATE-----')) return []
  try {
    const { subject, validTo } = new X509Certificate(text)
    return [{ path, subject: subject.replace(/\s+/g, ' ').slice(0, 500), expiresAt: Date.parse(validTo) }]
  } catch {
    return []
  }
}
