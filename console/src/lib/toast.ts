import { reactive } from 'vue'

export interface Toast {
  id: number
  kind: 'done' | 'failed'
  text: string
}

export const toasts = reactive<Toast[]>([])
let next = 1

export function toast(text: string, kind: Toast['kind'] = 'done'): void {
  const id = next++
  toasts.push({ id, kind, text })
  // Errors stay until they are put away: whoever reads slowly must not lose one.
  if (kind === 'done') setTimeout(() => dismiss(id), 6000)
}

export function dismiss(id: number): void {
  const index = toasts.findIndex((one) => one.id === id)
  if (index >= 0) toasts.splice(index, 1)
}
