import { Select, Textarea, TextInput } from '@mantine/core'
import { Interpreter } from '#shared/commands/run-script.ts'
import { keys } from '../api/keys.ts'
import { useChange } from '../api/use-change.ts'
import { DialogForm, textOf } from '../frame/dialog-form.tsx'

/** It waits for somebody else's review. */
export function WriteScript({ onClose }: { onClose(): void }) {
  const write = useChange(keys.scripts, (api, input: Parameters<typeof api.writeScript>[0]) => api.writeScript(input))
  const submit = (fields: FormData): void => {
    const interpreter = Interpreter.parse(textOf(fields, 'interpreter'))
    write.mutate({ name: textOf(fields, 'name'), interpreter, text: String(fields.get('text') ?? '') }, { onSuccess: onClose })
  }
  return (
    <DialogForm submit="Put it into the library" isBusy={write.isPending} error={write.error} onSubmit={submit} onCancel={onClose}>
      <TextInput name="name" label="Name, such as clear-print-queue" maxLength={60} required data-autofocus />
      <Select name="interpreter" label="Run by" data={Interpreter.options} defaultValue="sh" allowDeselect={false} />
      <Textarea name="text" label="Text" minRows={8} autosize maxLength={30_000} required />
    </DialogForm>
  )
}
