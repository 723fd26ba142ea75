package dev.mastodonmigration.embedded.aws;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** The little of XML that AWS's answers need: elements by their plain names, whatever the namespace. */
final class Xml {
    private Xml() {}

    static Document parse(String text) {
        try {
            return DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(text)));
        } catch (SAXException | IOException | ParserConfigurationException e) {
            throw new IllegalArgumentException("no XML: " + text, e);
        }
    }

    static String write(Node node) {
        try {
            var transformer = TransformerFactory.newInstance().newTransformer();
            transformer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
            var text = new StringWriter();
            transformer.transform(new DOMSource(node), new StreamResult(text));
            return text.toString();
        } catch (TransformerException e) {
            throw new IllegalStateException(e);
        }
    }

    /** All of that name below, at any depth, in document order. */
    static List<Element> all(Document document, String name) {
        return elements(document.getElementsByTagName(name));
    }

    static List<Element> all(Element parent, String name) {
        return elements(parent.getElementsByTagName(name));
    }

    static List<Element> children(Element parent) {
        return elements(parent.getChildNodes());
    }

    private static List<Element> elements(org.w3c.dom.NodeList nodes) {
        return IntStream.range(0, nodes.getLength()).mapToObj(nodes::item).filter(Element.class::isInstance).map(Element.class::cast).toList();
    }

    static Optional<Element> child(Element parent, String name) {
        return children(parent).stream().filter(child -> child.getTagName().equals(name)).findFirst();
    }

    /** The text of the direct child of that name. */
    static Optional<String> value(Element parent, String name) {
        return child(parent, name).map(child -> child.getTextContent().strip());
    }

    /** The child of that name, made where it is missing. */
    static Element childOf(Element parent, String name) {
        return child(parent, name).orElseGet(() -> (Element) parent.appendChild(parent.getOwnerDocument().createElement(name)));
    }

    static void set(Element parent, String name, String value) {
        childOf(parent, name).setTextContent(value);
    }

    static void remove(Element parent, String name) {
        child(parent, name).ifPresent(parent::removeChild);
    }

    static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
