package discover

import "strings"

// Names common in the countries of the lexicon's languages, and some others. A list only has
// to match a good part of any people's names.
var (
	firstNames = wordSet(`
		Aaron Abdul Abigail Ada Adam Adriana Agnieszka Ahmed Aisha Alain Alan Albert Alberto Alejandro Aleksandra Alessandro Alex Alexander Alexandra Alexis Ali Alice Alicia Alina Amanda Amélie Amir Amy
		Ana André Andrea Andreas Andrew Andrzej Angela Angelika Anita Anja Anna Anne Annette Anthony Antje Antoine Antonio António Arthur Astrid Aurélie Barbara Bart Beate Beatriz Ben Benjamin Bernard Bernd Birgit Björn
		Bogdan Boris Brandon Brian Brigitte Bruno Camila Camille Carla Carlos Carmen Carol Caroline Catherine Céline Charles Charlotte Chiara Chloé Chloe Chris Christian Christina Christine Christoph Christophe Christopher Claire Clara Claudia Claus Cristina
		Dagmar Dan Daniel Daniela Daniele Dariusz Dave David Deborah Delphine Denis Dennis Diana Diego Dieter Dimitri Dirk Dmitri Dominik Dominique Donna Doris Dorota Dorothy Eduardo Edward Elena Élodie Elias Elisabeth Elizabeth Ella Ellen Elsa Emil Emily
		Emma Emmanuel Enrique Eric Erik Ernst Eun-ji Eva Evelyn Ewa Fabian Fabio Fabrice Fatima Federico Felipe Felix Fernando Filip Florian Francesca Francesco Francisco François Françoise Frank Franz Frederik Friedrich Gabriel Gabriela Gareth Gary Geert
		George Georg Gerard Gerd Gerhard Gert Giorgio Giovanni Giulia Giuseppe Gonzalo Grace Graham Greg Gregor Grzegorz Guillaume Günter Günther Gustavo Håkon Hanna Hannah Hans Harald Harry Hassan Heather Heike Heinrich Heinz Helen Helena Helga Helmut Hendrik Henri Henry
		Herbert Horst Hugo Ian Ibrahim Ignacio Inês Ines Inge Ingrid Irene Iris Isabel Isabella Isabelle Ivan Jack Jacek Jacqueline Jacques Jadwiga Jakob Jamal James Jan Jana Jane Janet Janine Janusz Jason Javier Jean Jeff Jennifer Jens Jeroen Jerzy
		Jessica Joan Joana João Joanna Jochen Joe Johan Johann Johanna Johannes John Jolanta Jonas Jonathan Jorge José Josef Joseph Joshua Juan Judith Julia Julian Julie Julien Jürgen Justyna Kaito Kamil Karen Karin Karl Karolina Kate Katarzyna Katherine
		Kathrin Katja Keiko Kenneth Kerstin Kevin Kim Klara Klaus Kristina Krystyna Krzysztof Kurt Lars Laura Laurent Lea Léa Lena Leo León Leon Leonardo Linda Lisa Lorenzo Louis Louise Luc Luca Lucas Lucía Lucie Luis Luís Luisa Łukasz Lukas Maarten Maciej
		Magdalena Manfred Manon Manuel Marc Marcel Marcin Marco Marcos Marek Margaret Margarida María Maria Mariana Marie Marina Mario Marion Mariusz Mark Markus Marta Martha Martin Martina Mary Mateusz Mathieu Mats Matteo Matthew Matthias Max Maximilian Megan Mehmet
		Melanie Mia Michael Michał Michel Michelle Miguel Mike Mira Mohamed Mohammed Monika Monique Moritz Nadia Nadine Nancy Natalia Natalie Nathalie Nicholas Nico Nicola Nicolas Nicole Niels Niklas Nikolaus Nina Noah Nkechi Norbert Nuno Oisín Olaf Oliver Olivia Olivier
		Omar Oscar Otto Pablo Paola Paolo Pascal Patricia Patrick Paul Paula Paulo Paweł Pedro Penelope Peter Petra Philip Philipp Philippe Pierre Pieter Pilar Piotr Priya Quentin Rachel Rafael Rainer Ralf Ramón Raquel Raúl Rebecca Regina Reinhard Renata Renate Renée
		Ricardo Richard Rita Robert Roberto Roger Roland Rolf Roman Ronald Rosa Rose Ruth Ryan Sabine Salvatore Sam Samuel Sandra Sara Sarah Scott Sébastien Sebastian Sergio Silke Silvia Simon Simone Sofia Sofía Sonja Sophia Sophie Søren Stanisław Stefan Stefanie Stephan
		Stephanie Stéphane Stephen Steve Steven Stuart Susan Susanne Svetlana Sylvia Sylvie Tadeusz Tanja Teresa Thảo Thérèse Theo Thierry Thomas Thorsten Tiago Tim Timothy Tobias Tom Tomás Tomasz Tyler Ulrich Ulrike Ursula Ute Uwe Valentina Valérie Vanessa Vera Veronika Victor
		Victoria Vincent Virginie Viktor Walter Wanda Wanjiru Werner Willem William Wojciech Wolfgang Xavier Yannick Yves Yusuf Yvonne Zbigniew Zofia Zoë Zoe`)
	lastNames = wordSet(`
		Achebe Adams Aguilar Ali Allen Almeida Alonso Álvarez Alves Andersen Anderson Andersson Bailey Baker Bakker Barbieri Barbosa Bauer Becker Bell Bennett Berg Berger Bergmann Bergström Bernard Bertrand Bianchi Bos Brandt Braun Brooks Brouwer Brown Bruno Bülow
		Campbell Cardoso Carter Carvalho Castaño Castillo Castro Chen Clark Colombo Conti Cook Cooper Correia Costa Cox Cruz D'Angelo Dąbrowski Davies Davis Dekker Delgado Díaz Dias Dijkstra Domínguez Dubois Dupont Durand Edwards Eriksson Esposito Evans
		Fernandes Fernández Ferrari Ferreira Fischer Fontaine Fournier Franke Friedrich Fuchs Garcia García Garnier Gil Girard Gomes Gómez Gonçalves González Graf Gray Greco Green Grabowski Günther Gutiérrez Haas Haddad Hahn Hall Hansen Harris Hartmann Heinrich Hernández Herrera Herrmann
		Hill Hoffmann Hofmann Howard Huber Hughes Ivanova Jackson Jansen Jankowski Janssen Jensen Jiménez Johansson Johnson Jones Jung Kaczmarek Kaiser Kamiński Keller Kelly King Klein Köhler König Kovács Kowalczyk Kowalski Kozłowski Kraus Krause Krawczyk Krüger Kühn Lambert Lang Lange Larsen Laurent
		Lee Lefebvre Lefèvre Lehmann Leroy Lewandowski Lewis Lima Lindqvist Lombardi Lopes López Lorenz Lucas Ludwig Maier Marchetti Mariani Marín Marino Marques Martin Martinez Martínez Martins Mathieu Mayer Mazur Medina Meijer Meier Mendes Mercier Meyer Michel Miller Mitchell Molina Moore Morales Moreau Morel
		Moreno Moretti Morgan Morris Müller Mulder Muñoz Murphy Navarro Nelson Neumann Nguyễn Nguyen Nielsen Nowak Nunes O'Neill Oliveira Ortega Ortiz Parker Pavlova Pereira Pérez Petit Petrović Pfeiffer Phillips Pinto Piotrowski Pohl Quispe Ramírez Ramos Ribeiro Ricci Richard Richter Rivera Rizzo Roberts Robinson
		Rodrigues Rodríguez Rojas Romano Romero Rossi Rousseau Roux Rubio Ruiz Russo Sánchez Santos Sanz Sauer Schäfer Schmid Schmidt Schmitt Schmitz Schneider Scholz Schröder Schubert Schulte Schulz Schulze Schumacher Schuster Schwarz Scott Seidel Serrano Silva Šimić Simon Singh Smit Smith Sommer Sousa Stein Stewart
		Suárez Szymański Takahashi Tanaka Taylor Teixeira Thomas Thompson Torres Turner Usman Vargas Vázquez Vincent Visser Vogel Vogt Wagner Walker Wang Ward Watson Weber Weiß Werner White Wieczorek Williams Wilson Winkler Winter Wiśniewski Wojciechowski Wolf Wolff Wood Woźniak Wright Young Zając Zieliński Zimmermann`)
	// particles are lower-case parts of names.
	particles = map[string]bool{"van": true, "von": true, "der": true, "den": true, "de": true, "del": true, "la": true, "le": true, "da": true, "do": true, "dos": true, "das": true, "di": true, "du": true, "zu": true, "y": true, "e": true, "ten": true, "ter": true, "bin": true, "al": true}
)

func wordSet(list string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(list) {
		out[foldCase(w)] = true
	}
	return out
}

// knownName reports whether a word is on a list of names.
func knownName(word string) bool {
	w := foldCase(word)
	return firstNames[w] || lastNames[w]
}
