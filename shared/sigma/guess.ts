import type { Origin } from './logsource.ts'

type Fields = Readonly<Record<string, unknown>>

/** Fields that only events of one category have, and the category; the first that fits counts. */
const tells: readonly (readonly [fields: readonly string[], categories: readonly string[]])[] = [
  [['ScriptBlockText'], ['ps_script']],
  [['TargetObject'], ['registry_event', 'registry_set', 'registry_add', 'registry_delete']],
  [['PipeName'], ['pipe_created']],
  [['QueryName'], ['dns_query']],
  [['ImageLoaded'], ['image_load', 'driver_load']],
  [['CallTrace', 'GrantedAccess'], ['process_access']],
  [['StartAddress', 'StartModule'], ['create_remote_thread']],
  [['DestinationIp', 'DestinationHostname', 'DestinationPort'], ['network_connection']],
  [['TargetFilename'], ['file_event', 'file_change', 'file_delete']],
  [['CommandLine', 'ParentImage', 'ParentCommandLine', 'OriginalFileName'], ['process_creation']],
]

/** An event that doesn't say where it comes from, by the fields it has; what can't be told stays open. */
export function guessOrigin(fields: Fields): Origin {
  if (isAudit(fields)) return { product: 'linux', categories: [], services: ['auditd'] }
  const told = tells.find(([names]) => names.some((name) => Object.hasOwn(fields, name)))
  return { product: productOf(fields), categories: told?.[1], services: told ? [] : undefined }
}

/** `type=EXECVE`, `type=SYSCALL`, as auditd writes them. */
const isAudit = ({ type }: Fields): boolean => typeof type === 'string' && /^[A-Z][A-Z_0-9]{2,}$/.test(type)

function productOf(fields: Fields): string | undefined {
  if (fields.product === 'linux' || fields.product === 'windows' || fields.product === 'macos') return fields.product
  const paths = [fields.Image, fields.TargetFilename, fields.ParentImage, fields.CurrentDirectory].filter(
    (path) => typeof path === 'string',
  )
  if (paths.some((path) => path.startsWith('/'))) return 'linux'
  if (paths.some((path) => /^([A-Za-z]:)?\\/.test(path)) || typeof fields.TargetObject === 'string') return 'windows'
  return undefined
}
