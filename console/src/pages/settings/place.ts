import { onUnmounted, shallowReactive } from 'vue'
import { text } from '@/text'

/** The settings that have a field on the page that is open: what is said of them stands there. */
export const onThisPage = shallowReactive(new Set<string>())

export function useField(name: string): void {
  onThisPage.add(name)
  onUnmounted(() => onThisPage.delete(name))
}

/** The page with the field of a setting, and the field's name for it. */
export function placeOf(setting: string): { path: string; query: { at: string } } | undefined {
  const section = setting.split('.')[0]
  const path = section === 'jwt' || section === 'session' ? '/jwt' : section === 'topics' || section === 'topic_rules' ? '/topics' : section === 'chain' || section === 'gate' || section === 'password' ? '/authentication' : undefined
  return path ? { path, query: { at: setting } } : undefined
}

/** The file that pins it, by its name and line; its whole path would push everything else aside. */
export function pinnedBy(setting: { pinned_by?: string | null; place: string }): string {
  const [, path = '', line = ''] = /^(.*?)(?::(\d+))?(?::\d+)?$/.exec(setting.place || setting.pinned_by || '') ?? []
  return text.settings.pinned(path.slice(path.lastIndexOf('/') + 1), line)
}

/** What its field is called; where it has none, its name in the settings file. */
export const labelOf = (setting: string): string => (text.setting as Record<string, string>)[setting] ?? setting
