/** What a rule is written for: `{ product: windows, category: process_creation }`. */
export interface LogSource {
  product: string | undefined
  category: string | undefined
  service: string | undefined
}

/** Where an event comes from, as far as it can be told. Undefined is "can't be told", and keeps no rule from looking at it. */
export interface Origin {
  product: string | undefined
  categories: readonly string[] | undefined
  services: readonly string[] | undefined
}

export const unknownOrigin: Origin = { product: undefined, categories: undefined, services: undefined }

export function isFor({ product, category, service }: LogSource, origin: Origin): boolean {
  return (
    (product === undefined || origin.product === undefined || origin.product === product) &&
    (category === undefined || (origin.categories?.includes(category) ?? true)) &&
    (service === undefined || (origin.services?.includes(service) ?? true))
  )
}

/** Two origins with one key are the same origin. */
export const keyOf = ({ product, categories, services }: Origin): string => `${product}|${categories}|${services}`

const windowsCategories = new Set([
  ...['process_creation', 'process_termination', 'process_access', 'process_tampering', 'file_event', 'file_change', 'file_rename'],
  ...['file_delete', 'file_access', 'file_block_executable', 'file_block_shredding', 'file_executable_detected', 'create_stream_hash'],
  ...['registry_event', 'registry_add', 'registry_set', 'registry_delete', 'registry_rename', 'network_connection', 'dns_query'],
  ...['image_load', 'driver_load', 'pipe_created', 'create_remote_thread', 'raw_access_thread', 'wmi_event', 'clipboard_capture'],
  ...['sysmon_status', 'sysmon_error', 'ps_module', 'ps_script', 'ps_classic_start', 'ps_classic_provider_start', 'ps_classic_script'],
])
const unixCategories = new Set([
  'process_creation',
  'process_termination',
  'file_event',
  'file_change',
  'file_delete',
  'network_connection',
])

const linuxServices = new Set([
  ...['auditd', 'syslog', 'auth', 'authpriv', 'sshd', 'sudo', 'su', 'cron', 'vsftpd', 'guacamole', 'clamav', 'modsecurity', 'systemd'],
  ...['kernel', 'journald', 'cups', 'apparmor', 'login', 'pam'],
])

/** Why no event can come from there; undefined where some can. */
export function whyNever(source: LogSource, windowsServices: ReadonlySet<string>): string | undefined {
  const { product, category, service } = source
  if (product === undefined && category === undefined && service === undefined) return 'it doesn’t say for which log source it is'
  const name = [product, category, service].filter((part) => part !== undefined).join('/')
  const reason = `events of ${name} aren’t collected`
  if (product !== undefined && !['windows', 'linux', 'macos'].includes(product)) return reason
  const categories = product === 'windows' || product === undefined ? windowsCategories : unixCategories
  if (category !== undefined && !categories.has(category)) return reason
  const known = (where: ReadonlySet<string>): boolean => service === undefined || where.has(service)
  const isKnown =
    product === 'windows'
      ? known(windowsServices)
      : product === 'linux'
        ? known(linuxServices)
        : product === 'macos'
          ? known(new Set())
          : known(windowsServices) || known(linuxServices)
  return isKnown ? undefined : reason
}
