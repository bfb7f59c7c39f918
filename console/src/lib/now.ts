import { ref } from 'vue'

/** The time, by which ages are told; a step a second while the page is looked at. */
export const now = ref(new Date())
setInterval(() => {
  if (!document.hidden) now.value = new Date()
}, 1000)
