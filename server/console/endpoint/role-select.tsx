import { Select } from '@mantine/core'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import { Role } from '#shared/domain/endpoint.ts'
import { roleName } from '../words/words.ts'
import { useEndpointChange } from './use-endpoint-change.ts'

const KnownRole = Role.exclude(['unknown'])
const BY_FACTS = 'by-facts'

/** What the machine is for: found by facts until a person says so. */
export function RoleSelect({ endpoint, isDisabled }: { endpoint: EndpointDetail; isDisabled: boolean }) {
  const confirm = useEndpointChange(endpoint.id, (api, value: string) =>
    api.confirmRole(endpoint.id, value === BY_FACTS ? null : KnownRole.parse(value)),
  )
  const found = endpoint.inventory?.role.role ?? 'unknown'
  return (
    <Select
      label="Role"
      size="xs"
      w={200}
      disabled={isDisabled || confirm.isPending}
      allowDeselect={false}
      value={endpoint.roleSource === 'person' ? endpoint.role : BY_FACTS}
      onChange={(value) => value !== null && confirm.mutate(value)}
      data={[
        { value: BY_FACTS, label: `${roleName[found]} (by facts)` },
        ...KnownRole.options.map((role) => ({ value: role, label: `${roleName[role]} (confirmed)` })),
      ]}
    />
  )
}
