import { DataList, Text } from '@mantine/core'
import type { EndpointDetail } from '#shared/api/endpoints.ts'
import { SectionCard } from '../frame/section-card.tsx'
import { When } from '../time/when.tsx'
import { bytes } from '../words/quantities.ts'
import { roleName } from '../words/words.ts'

type Inventory = NonNullable<EndpointDetail['inventory']>

/** What the machine is made of and runs, as it said itself. */
export function InventoryCard({ inventory, at }: { inventory: Inventory | null; at: number | null }) {
  return (
    <SectionCard
      title="Inventory"
      aside={
        at !== null && (
          <Text size="xs" c="dimmed">
            <When at={at} />
          </Text>
        )
      }
    >
      {inventory ? (
        <DataList size="sm" gap={8} labelWidth={92} className="breakable">
          {linesOf(inventory).map(([label, value]) => (
            <DataList.Item key={label}>
              <DataList.ItemLabel>{label}</DataList.ItemLabel>
              <DataList.ItemValue className="entry">{value}</DataList.ItemValue>
            </DataList.Item>
          ))}
        </DataList>
      ) : (
        <Text size="sm" c="dimmed">
          It hasn't sent one yet.
        </Text>
      )}
    </SectionCard>
  )
}

function linesOf({ system, hardware, disks, interfaces, facts = [], neighbours = [], role, agent }: Inventory): [string, string][] {
  const lines: [string, string][] = [
    ['System', `${system.name} ${system.version}`],
    ['Kernel', `${system.kernel} ${system.architecture}`],
    ['Hardware', [hardware.manufacturer, hardware.model, hardware.isVirtual ? '(virtual)' : ''].filter(Boolean).join(' ')],
    ['Serial', hardware.serial],
    ['Chassis', hardware.chassis],
    ['Processor', `${hardware.processor}, ${hardware.cores} ${hardware.cores === 1 ? 'core' : 'cores'}`],
    ['Memory', bytes(hardware.memoryBytes)],
    ['Disks', disks.map((disk) => `${disk.mount}  ${bytes(disk.totalBytes)} ${disk.type}`).join('\n')],
    ['Network', interfaces.map((one) => [one.name, one.mac, ...one.addresses].filter(Boolean).join('  ')).join('\n')],
    ...facts.map(({ name, value, from }): [string, string] => [`${name.charAt(0).toUpperCase()}${name.slice(1)}`, `${value}\n(${from})`]),
    ['Neighbours', neighbours.map((one) => `${one.interface}  ${one.address}  ${one.mac}`).join('\n')],
    ['Role', `${roleName[role.role]}: ${role.reasons.join('; ') || 'no facts'}`],
    ['Agent', `${agent.version} on ${agent.runtime}`],
    ['Canaries', agent.canaries.join('\n')],
  ]
  return lines.filter(([, value]) => value.trim() !== '')
}
