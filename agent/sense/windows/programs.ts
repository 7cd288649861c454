/** `C:\Windows\System32\VSSADMIN.EXE` → `vssadmin`. */
export const programOf = (path: string): string => (path.split(/[\\/]/).at(-1) ?? '').toLowerCase().replace(/\.(?:exe|com)$/, '')

/** Where anybody may put a program. */
const ofUsers =
  /\\users\\|\\programdata\\(?!microsoft\\windows defender\\|tierline\\)|\\windows\\(?:temp|tasks|debug|tracing)\\|\\temp\\|\\perflogs\\|\\\$recycle\.bin\\|%(?:temp|tmp|appdata|localappdata|userprofile|public|programdata)%|\\\\[^\\\s]+\\[a-z]+\$\\/i

/** Programs that are told what to do by their words, in ways that nobody writes by hand. */
const hostileWords =
  /\\\\\.\\pipe\\|%comspec%|\bcmd(?:\.exe)?["']?\s+\/[a-z/ ]*[ck]\s.*(?:\\\\127\.0\.0\.1\\|echo\s)|(?:powershell|pwsh)(?:\.exe)?["']?\s.*(?:-e(?:nc?|ncodedcommand)?\s+[a-z0-9+/=]{20}|\bhidden\b|downloadstring|downloadfile|\biex\b|invoke-expression|frombase64string)|\b(?:mshta|regsvr32|rundll32)(?:\.exe)?["']?\s.*(?:https?:|javascript:|vbscript:|scrobj)|\bcertutil(?:\.exe)?["']?\s.*-(?:urlcache|decode)/i

/** A command that starts by itself and is dangerous wherever that is written down. */
export const isDangerousCommand = (command: string): boolean =>
  ofUsers.test(command.slice(0, 8_192)) || hostileWords.test(command.slice(0, 8_192))

/** What installs and services Windows itself; others may take their names, so also their place is asked. */
const installers =
  /^[a-z]:\\windows\\(?:system32\\(?:msiexec|poqexec|wusa|usoclient|mousocoreworker|drvinst|pnputil)|servicing\\trustedinstaller|winsxs\\[^\\]+\\tiworker|softwaredistribution\\[^"]+|ccmsetup\\ccmsetup|ccm\\[^\\]+)(?:\.exe)?$/i

export const isInstaller = (image: string): boolean => installers.test(image)
