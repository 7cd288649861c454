type Fields = Record<string, unknown>

/** What the Security channel calls by other names than the category's rules do (those rules are written for Sysmon's names). */
const names: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  4688: {
    ...{ NewProcessName: 'Image', ParentProcessName: 'ParentImage', ProcessCommandLine: 'CommandLine', SubjectUserName: 'User' },
    ...{ NewProcessId: 'ProcessId', ProcessId: 'ParentProcessId', SubjectLogonId: 'LogonId' },
  },
  4689: { ProcessName: 'Image' },
  4657: { NewValue: 'Details', ProcessName: 'Image' },
  5156: {
    ...{ Application: 'Image', DestAddress: 'DestinationIp', DestPort: 'DestinationPort', SourceAddress: 'SourceIp' },
    ...{ ProcessID: 'ProcessId' },
  },
}

const integrityLevels: Readonly<Record<string, string>> = {
  ...{ 'S-1-16-0': 'Untrusted', 'S-1-16-4096': 'Low', 'S-1-16-8192': 'Medium', 'S-1-16-8448': 'Medium' },
  ...{ 'S-1-16-12288': 'High', 'S-1-16-16384': 'System', 'S-1-16-20480': 'Protected' },
}

/** Adds the names that rules of a category use to an event of the Security channel; its own stay beside them. */
export function withCategoryNames(eventId: number, fields: Fields): Fields {
  const renamed = names[eventId]
  if (!renamed) return fields
  const added: Fields = {}
  for (const [own, name] of Object.entries(renamed)) if (Object.hasOwn(fields, own)) added[name] = fields[own]
  if (eventId === 4688) addProcess(fields, added)
  if (eventId === 4657) added.TargetObject = registryPath(fields)
  if (eventId === 5156) added.Initiated = fields.Direction === '%%14593' ? 'true' : 'false'
  return { ...fields, ...added }
}

function addProcess(fields: Fields, added: Fields): void {
  const level = integrityLevels[String(fields.MandatoryLabel)]
  if (level !== undefined) added.IntegrityLevel = level
  if (typeof fields.SubjectDomainName === 'string') added.User = `${fields.SubjectDomainName}\\${String(fields.SubjectUserName)}`
}

/** `\REGISTRY\MACHINE\SOFTWARE` → `HKLM\SOFTWARE`, with the value's name behind it, as Sysmon writes it. */
function registryPath({ ObjectName, ObjectValueName }: Fields): string {
  const key = String(ObjectName ?? '')
    .replace(/^\\REGISTRY\\MACHINE/i, 'HKLM')
    .replace(/^\\REGISTRY\\USER/i, 'HKU')
  return ObjectValueName === undefined || ObjectValueName === null ? key : `${key}\\${String(ObjectValueName)}`
}
