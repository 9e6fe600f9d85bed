/** @file Folders of labelled pictures. */
export { type FolderSplit, type LabelledFolder, type LabelledFolderOptions, openLabelledFolder } from './labelled.js'
