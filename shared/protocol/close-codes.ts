/** Why a socket was closed. 4xxx as RFC 6455 §7.4.2 leaves them to applications. */
export const CloseCode = {
  GoingAway: 1001,
  TooLarge: 1009,
  Malformed: 4400,
  Revoked: 4403,
  HelloTimeout: 4408,
  AlreadyConnected: 4409,
  Gap: 4410,
  UnsupportedVersion: 4426,
  TooFast: 4429,
  Internal: 4500,
} as const
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode]

/** Why an upgrade or an enrolment call was answered 403 (or 4xx): the `code` of its JSON body `{code, message}`. */
export const RefusalCode = {
  CertificateMissing: 'certificate-missing',
  CertificateForeign: 'certificate-foreign',
  CertificateExpired: 'certificate-expired',
  CertificateRevoked: 'certificate-revoked',
  EndpointUnknown: 'endpoint-unknown',
  /** Enrolled after the backup that the collector was restored from: people may let it in again, so an agent asks soon again. */
  EndpointForgotten: 'endpoint-forgotten',
  TokenUnknown: 'token-unknown',
  TokenUsed: 'token-used',
  TokenExpired: 'token-expired',
  BadRequest: 'bad-request',
  TooMany: 'too-many',
} as const
export type RefusalCode = (typeof RefusalCode)[keyof typeof RefusalCode]
